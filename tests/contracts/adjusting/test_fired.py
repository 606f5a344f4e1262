"""Signed clauses adjust the price of a charge by themselves, once, with a signed record, and clearing carries it out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts import handlers
from contracts.adjusting.services import adjust_begun_charge, adjust_used_period, enter_index_value
from contracts.errors import AgreementEnded
from contracts.models import Adjustment, FiredAdjustment, IndexValue
from contracts.plan import plan_lines, plan_of
from contracts.services import adjust_price, terminate_agreement
from contracts.states import TerminationReason
from listings.models import Listing
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import TradeConcluded
from marketplace.evidence.signatures import verify
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, PermissionNeeded
from marketplace.kernel.invariants import REGISTER
from tests.clearing.trades.test_charged_as_signed import concluded, market
from tests.contracts.ending.test_endings import colleague
from tests.notices.factories import handle
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db
__all__ = ["market"]
INDEX = {"kind": "index", "index": "cpi_jp", "base_milli": 100_000, "floor_bp": 9_000, "cap_bp": 11_000}
QUALITY = {"kind": "quality", "at_least_bp": 8_000, "reduction_bp": 1_000}
VOLUME = {"kind": "volume", "beyond_uses": 10, "reduction_bp": 500}


def enter(market, value_milli=104_000, second="second"):
    stated = {
        "index": "cpi_jp",
        "as_of": clock.today(),
        "value_milli": value_milli,
        "source": "総務省統計局",
    }
    with pytest.raises(SecondPersonNeeded):
        enter_index_value(actor=market.operator, **stated)
    return enter_index_value(actor=colleague(market, second), **stated)


def monthly(market, *clauses):
    charging = {"kind": "subscription", "charges": 12, "adjustments": list(clauses)}
    return concluded(market, price_minor=10_000, charging=charging)


def begun(agreement):
    """The first charge has begun, as clearing tells it."""
    told = OutboxEvent.objects.get(type="trade.concluded", subject=agreement.public_id)
    handle(handlers.on_trade_concluded, TradeConcluded(**told.data))


def due(agreement):
    """What clearing is told to carry out."""
    told = OutboxEvent.objects.filter(type="adjustment.due", subject=agreement.public_id).order_by("pk")
    return [(row.data["debtor"], row.data["amount_minor"], row.data["charge"]) for row in told]


def fired():
    return list(
        FiredAdjustment.objects.order_by("pk").values_list("kind", "charge", "before_minor", "after_minor")
    )


def breaches(name="contracts.fired_as_signed"):
    return [row["public_id"] for row in REGISTER[name].check()]


def test_an_index_raises_and_lowers_the_price_of_a_charge(market):
    value = enter(market)
    agreement = monthly(market, INDEX)
    begun(agreement)
    begun(agreement)
    assert fired() == [("index", 1, 10_000, 10_400)]
    row = FiredAdjustment.objects.get()
    assert row.inputs["index_value"] == value.public_id
    said = verify(row.jws)
    assert (said["clause"], said["before_minor"], said["after_minor"]) == (INDEX, 10_000, 10_400)
    assert due(agreement) == [(agreement.buyer_identifier, 400, 1)]
    assert Adjustment.objects.get().reason_code == "clause_index"
    assert any(
        "104" in line or "cpi_jp" in line for line in plan_lines(plan_of(agreement.instrument.said), "en")
    )
    assert breaches() == []


def test_without_a_value_or_a_change_nothing_fires(market):
    agreement = monthly(market, INDEX)
    begun(agreement)
    enter(market, 100_000)
    begun(agreement)
    assert (fired(), Adjustment.objects.count()) == ([], 0)


def test_a_charge_that_is_noticed_late_is_adjusted_by_the_index_of_its_day(market):
    first = enter(market)
    agreement = monthly(market, INDEX)
    clock.move_to(agreement.concluded_at + timedelta(days=70), running=False)
    enter(market, 108_000, second="third")
    adjust_begun_charge(agreement=agreement.public_id, charge=2)
    assert fired() == [("index", 2, 10_000, 10_400)]
    assert FiredAdjustment.objects.get().inputs["index_value"] == first.public_id
    assert breaches() == []


def state_interval(market, days=30):
    """The listing states in how many days its data is updated."""
    with unguarded("listings_listing"):
        Listing.objects.filter(public_id=market.listing).update(update_interval_days=days)


def test_data_that_is_less_current_than_promised_costs_less_after_the_index(market):
    state_interval(market)
    agreement = monthly(market, INDEX, QUALITY)
    enter(market, 105_000)
    clock.move_to(agreement.concluded_at + timedelta(days=70), running=False)
    adjust_begun_charge(agreement=agreement.public_id, charge=3)
    # 10,000 × 105 / 100 = 10,500, less 10 %.
    assert fired() == [("index", 3, 10_000, 10_500), ("quality", 3, 10_500, 9_450)]
    assert breaches() == []


def test_current_data_costs_what_was_agreed(market):
    state_interval(market)
    agreement = monthly(market, QUALITY)
    begun(agreement)
    assert fired() == []


def test_a_promise_that_the_data_does_not_keep_is_not_signed(market):
    with pytest.raises(FieldInvalid) as refused:
        monthly(market, QUALITY)
    assert refused.value.name == "terms.charging.adjustments"


def test_much_use_costs_less(market):
    charging = {"kind": "metered", "charges": 12, "unit_price_minor": 100, "adjustments": [VOLUME]}
    agreement = concluded(market, price_minor=5_000, charging=charging)
    assert adjust_used_period(agreement=agreement.public_id, charge=1, uses=10, charged_minor=1_000) is None
    for _ in range(2):
        adjust_used_period(agreement=agreement.public_id, charge=2, uses=11, charged_minor=1_099)
    assert fired() == [("volume", 2, 1_099, 1_045)]
    assert breaches() == []


def test_the_last_metered_period_is_discounted_after_an_early_end(market):
    """It is charged after its agreement ended, so a notice must not save the seller the discount."""
    charging = {"kind": "metered", "charges": 12, "unit_price_minor": 100, "adjustments": [VOLUME]}
    agreement = concluded(market, price_minor=5_000, charging=charging)
    terminate_agreement(
        agreement=agreement.public_id,
        reason_code=TerminationReason.PAYMENT_FAILED,
        cause="trade.failed",
    )
    adjust_used_period(agreement=agreement.public_id, charge=1, uses=11, charged_minor=1_099)
    assert fired() == [("volume", 1, 1_099, 1_045)]
    assert due(agreement) == [(agreement.seller_identifier, 54, 1)]
    assert breaches() == []


def test_the_database_adjusts_nothing_by_clause_where_the_price_went_back(market):
    enter(market)
    agreement = monthly(market, INDEX)
    begun(agreement)
    terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )

    def forge():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO contracts_adjustment (public_id, salt, agreement_id, debtor, charge, amount_minor, currency, reason_code, reason,"
                " ordered_by, ordered_at) SELECT 'adj_raw', salt, agreement_id, debtor, 2, amount_minor, currency, reason_code, reason,"
                " ordered_by, business_now() FROM contracts_adjustment"
            )

    assert_refused(forge, because="in force or expired")


def test_a_terminated_agreement_is_adjusted_no_more(market):
    enter(market)
    agreement = monthly(market, INDEX)
    terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    begun(agreement)
    assert fired() == []
    with pytest.raises(AgreementEnded):
        order(market, agreement, "price_correction")


def order(market, agreement, reason_code):
    return adjust_price(
        actor=market.operator,
        agreement=agreement.public_id,
        debtor=agreement.seller_identifier,
        amount_minor=1,
        reason="理由",
        reason_code=reason_code,
    )


def test_nobody_orders_what_only_a_clause_does(market):
    agreement = monthly(market, INDEX)
    with pytest.raises(FieldInvalid) as refused:
        order(market, agreement, "clause_index")
    assert refused.value.name == "reason_code"


def test_an_index_has_one_value_a_day_of_two_people(market):
    enter(market)
    for field, changes in (
        ("as_of", {}),
        ("as_of", {"as_of": clock.today() + timedelta(days=1)}),
        ("index", {"index": "CPI"}),
        ("value_milli", {"value_milli": 0}),
        ("source", {"source": " "}),
    ):
        stated = {"index": "cpi_jp", "as_of": clock.today(), "value_milli": 1, "source": "x", **changes}
        with pytest.raises(FieldInvalid) as refused:
            enter_index_value(actor=market.operator, **stated)
        assert refused.value.name == field
    with pytest.raises(PermissionNeeded):
        enter_index_value(actor=market.seller, index="x", as_of=clock.today(), value_milli=1, source="x")
    assert IndexValue.objects.count() == 1


def test_both_parties_read_what_fired_and_nobody_else(market):
    enter(market)
    agreement = monthly(market, INDEX)
    begun(agreement)
    path = f"/api/v1/agreements/{agreement.public_id}/adjustments/"
    for name in ("buyer", "seller"):
        (row,) = participants.client_of(market.organisation(name)).get(path).json()
        assert (row["kind"], row["before_minor"], row["after_minor"]) == ("index", 10_000, 10_400)
        assert row["words"]["en"] == "Charge 1: by its index clause ¥10,000 became ¥10,400, without tax."
    assert participants.client_of(market.organisation("stranger")).get(path).status_code == 404


def test_the_database_refuses_what_departs_from_its_clause(market):
    enter(market)
    agreement = monthly(market, INDEX)
    begun(agreement)

    def forge():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO contracts_adjustment (public_id, salt, agreement_id, debtor, charge, amount_minor, currency, reason_code, reason,"
                " ordered_by, ordered_at) SELECT 'adj_raw', salt, agreement_id, debtor, 2, amount_minor, currency, reason_code, reason,"
                " ordered_by, business_now() FROM contracts_adjustment"
            )
            cursor.execute(
                "INSERT INTO contracts_firedadjustment (public_id, agreement_id, kind, charge, inputs, before_minor, after_minor,"
                " adjustment_id, jws, fired_at) SELECT 'fad_raw', f.agreement_id, f.kind, 2, f.inputs, 10000, 10401,"
                " (SELECT id FROM contracts_adjustment WHERE public_id = 'adj_raw'), f.jws, business_now() FROM contracts_firedadjustment f"
            )

    assert_refused(forge, because="is what was signed and what it read")


def test_what_departs_from_its_clause_is_named(market):
    enter(market)
    agreement = monthly(market, INDEX)
    begun(agreement)
    row = FiredAdjustment.objects.get()
    with unguarded("contracts_firedadjustment"):
        FiredAdjustment.objects.update(after_minor=10_401)
    assert breaches() == [row.public_id]
    with unguarded("contracts_firedadjustment"):
        FiredAdjustment.objects.all().delete()
    assert breaches() == [Adjustment.objects.get().public_id]


def test_a_value_that_one_entered_is_named(market):
    row = enter(market)
    assert breaches("contracts.index_values_by_two") == []
    with unguarded("contracts_indexvalue"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contracts_indexvalue DROP CONSTRAINT index_value_stated")
        cursor.execute("UPDATE contracts_indexvalue SET source = '' WHERE id = %s", [row.pk])
    assert breaches("contracts.index_values_by_two") == [row.public_id]
