"""Amendments beside early ends, corrections of charges and restitutions; and what is not amended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from contracts import services
from contracts.amending.errors import PooledNotAmended
from contracts.amending.models import AgreementVersion
from contracts.amending.queries import money_signed
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import charge_due, charge_left, consequences_shown, returned_by_charge
from contracts.errors import EndingOpen, PriceExceeded
from contracts.models import Adjustment, Agreement
from contracts.negotiating.rounds import rounds_of
from contracts.papers.content import Paper
from contracts.papers.data import OF_AGREEMENT
from contracts.plan.queries import shown_plan
from contracts.pools.models import Pool, PoolVersion
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.roles import assert_refused, unguarded

from .. import factories
from ..adjusting.test_fired import INDEX
from ..commissions.commissioned import commission, protected
from ..refusals import refused
from .conftest import JST, SUBSCRIPTION
from .test_amendments import amend, at, field, signed
from .test_version_guards import forged, run, unwritten

__all__ = ["unwritten"]
METERED = {"kind": "metered", "charges": 12, "period_months": 1, "unit_price_minor": 100}


def broken() -> dict[str, Any]:
    return {name: found for name, found in verify_all("contracts").items() if found}


def again(agreement: Agreement) -> Agreement:
    return Agreement.objects.get(pk=agreement.pk)


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({"charging": METERED}, "terms.charging.kind"),
        ({"charging": {**SUBSCRIPTION["charging"], "adjustments": [INDEX]}}, "terms.charging.adjustments"),
    ],
)
def test_metered_use_and_prices_that_clauses_adjust_are_not_amended(market, terms, named):
    clock.move_to(datetime(2027, 3, 31, 10, tzinfo=JST), running=False)
    agreement = factories.agreement(market, **{**SUBSCRIPTION, "ending": {}, **terms})
    assert field(lambda: amend(market, agreement, rights={"duration": "P2Y"})) == named


def test_commissioned_work_is_not_amended(market):
    clock.move_to(datetime(2027, 3, 31, 10, tzinfo=JST), running=False)
    agreement = factories.agreement(protected(market), commission=commission())
    assert field(lambda: amend(market, agreement, rights={"duration": "P2Y"})) == "terms.commission"


def test_nothing_becomes_commissioned_work_by_an_amendment(market, year):
    protected(market)
    assert field(lambda: amend(market, year, commission=commission())) == "terms.commission"


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({"rights": {"onward_transfer": "permitted"}}, "terms.rights.onward_transfer"),
        ({"rights": {"delete_at_end": True}}, "terms.rights.delete_at_end"),
    ],
)
def test_what_later_deeds_read_from_the_first_version_stays(market, year, terms, named):
    assert field(lambda: amend(market, year, **terms)) == named


def pooled(market, signed_at: datetime | None = None) -> PoolVersion:
    """A pool stands behind the listing; its first version was signed at a moment, or waits for signatures."""
    seller = market.organisation("seller")
    with unguarded("contracts_pool", "contracts_poolversion"):
        pool = Pool.objects.create(
            listing=market.listing,
            lead=seller,
            lead_identifier=seller.public_id,
            opened_by="person",
            opened_at=clock.now(),
        )
        return PoolVersion.objects.create(
            pool=pool, number=1, cause="terms", effective_on=clock.today(), lead_decides=False, denominator=1, content={},
            content_hash="0" * 64, state="signed" if signed_at else "proposed", proposed_by="person", proposed_at=clock.now(),
            closed_at=signed_at,
        )  # fmt: skip


def test_what_a_pool_sells_is_not_amended(market, year):
    negotiation = amend(market, year, price_minor=12_000)
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    pooled(market, year.concluded_at)
    with refused(PooledNotAmended):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    services.terminate(actor=market.buyer, negotiation=negotiation.public_id)
    with refused(PooledNotAmended):
        amend(market, year, price_minor=12_000)


def test_a_pool_that_nobody_signed_or_that_came_later_bars_no_amendment(market, year):
    version = pooled(market)
    assert signed(market, amend(market, year, price_minor=12_000)).number == 2
    with unguarded("contracts_poolversion"):
        PoolVersion.objects.filter(pk=version.pk).update(
            state="signed", closed_at=clock.now() + timedelta(seconds=1)
        )
    assert signed(market, amend(market, again(year), price_minor=13_000)).number == 3
    assert {name: found for name, found in broken().items() if "pool" not in name} == {}


def test_an_order_is_of_the_version_in_force(market, year):
    version = signed(market, amend(market, year, day="2027-04-30", price_minor=12_000))
    order = OF_AGREEMENT[Paper.ORDER]
    assert order(again(year))["price"]["net_minor"] == 10_000
    clock.move_to(datetime(2027, 5, 1, tzinfo=JST), running=False)
    shown = order(again(year))
    assert (shown["price"]["net_minor"], version.signed_hash in str(shown["facts"])) == (12_000, True)


def test_the_database_amends_nothing_that_a_pool_sells(market, unwritten):
    pooled(market, Agreement.objects.get().concluded_at)
    assert_refused(lambda: forged(unwritten), because="are not amended")


def test_charges_are_as_the_version_states_that_they_follow(market, year):
    signed(market, amend(market, year, price_minor=12_000))
    signed(market, amend(market, again(year), day="2027-08-31", price_minor=9_000))
    prices = [charge.price_minor for charge in money_signed(again(year)).charges]
    assert prices == [10_000] * 3 + [12_000] * 2 + [9_000] * 7
    assert charge_due(again(year), datetime(2027, 7, 1, tzinfo=JST)) == 4
    order = {"actor": market.operator, "agreement": year.public_id, "debtor": year.seller_identifier}
    for charge, price in ((3, 10_000), (4, 12_000), (6, 9_000)):
        with refused(PriceExceeded):
            services.adjust_price(**order, charge=charge, amount_minor=price + 1, reason="過大請求")
        services.adjust_price(**order, charge=charge, amount_minor=price, reason="過大請求")
        assert charge_left(again(year), charge) == 0
    assert returned_by_charge(year) == {3: 10_000, 4: 12_000, 6: 9_000}
    assert broken() == {}
    forge = (
        "INSERT INTO contracts_adjustment (public_id, agreement_id, debtor, charge, amount_minor, currency, reason_code, reason,"
        " ordered_by, ordered_at) SELECT 'adj_forged', agreement_id, debtor, 5, {}, currency, reason_code, reason, ordered_by,"
        " public.business_now() FROM contracts_adjustment LIMIT 1"
    )
    assert_refused(lambda: run(forge.format(12_001)), because="never pass the price")


def test_dropped_charges_are_corrected_no_more(market, year):
    fewer = {**SUBSCRIPTION["charging"], "charges": 6}
    signed(market, amend(market, year, charging=fewer))
    assert len(money_signed(again(year)).charges) == 6
    assert field(lambda: charge_left(again(year), 7)) == "charge"


def test_an_early_end_is_divided_and_carried_out_by_the_version(market, year):
    row = signed(market, amend(market, year, price_minor=12_000, rights={"duration": "P2Y"}))
    at(date(2027, 7, 10), 9)
    asked: dict[str, Any] = {"ground": "convenience", "last_day": date(2027, 9, 15), "refund": None}
    shown = consequences_shown(again(year), **asked)
    assert (shown["charge"], shown["period"]["days"]) == (6, 30)
    assert shown["refund_minor"] + shown["kept_minor"] == 12_000
    assert shown["refund_minor"] > 10_000 * shown["period"]["unused_days"] // shown["period"]["days"]
    ending = services.end_early(
        actor=market.buyer, agreement=year.public_id, digest=digest_of_consequences(shown), **asked
    )
    with refused(EndingOpen):
        amend(market, again(year), day="2027-08-31", price_minor=9_000)
    clock.move_to(ending.access_until, running=False)
    assert services.carry_out_endings() == 1
    assert (again(year).state, again(year).ends_at) == ("terminated", row.ends_at)
    (returned,) = Adjustment.objects.filter(agreement=year)
    assert (returned.charge, returned.amount_minor) == (6, shown["refund_minor"])
    assert broken() == {}


def test_a_notice_follows_the_terms_in_force_when_it_is_given(market, year):
    signed(market, amend(market, year, ending={"convenience_notice_days": 60}))
    asked: dict[str, Any] = {"ground": "convenience", "refund": None}
    assert field(lambda: consequences_shown(year, last_day=date(2027, 4, 29), **asked)) == "last_day"
    consequences_shown(again(year), last_day=date(2027, 4, 30), **asked)
    at(date(2027, 6, 30))
    assert field(lambda: consequences_shown(again(year), last_day=date(2027, 8, 28), **asked)) == "last_day"
    shown = consequences_shown(again(year), last_day=date(2027, 8, 29), **asked)
    services.end_early(
        actor=market.buyer,
        agreement=year.public_id,
        digest=digest_of_consequences(shown),
        last_day=date(2027, 8, 29),
        **asked,
    )
    assert broken() == {}


def test_what_is_given_back_by_an_earlier_version_moves_the_end_of_the_last(market, year):
    signed(market, amend(market, year, rights={"duration": "P2Y"}))
    longer = datetime(2028, 4, 4, tzinfo=JST)
    assert services.move_end(agreement=year.public_id, ends_at=longer, version=1)
    assert again(year).ends_at == datetime(2029, 4, 4, tzinfo=JST)
    assert not services.move_end(agreement=year.public_id, ends_at=longer, version=1)
    assert AgreementVersion.objects.get().ends_at == datetime(2029, 4, 1, tzinfo=JST)
    assert broken() == {}


def test_both_read_what_an_amendment_changes_before_they_sign(market, year):
    negotiation = amend(market, year, price_minor=12_000)
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": 13_000})
    negotiation.refresh_from_db()
    before = rounds_of(negotiation)
    first, second = before
    assert [change["field"] for change in first.with_offer["changes"]] == ["price_minor"]
    assert "10,000" in second.with_offer["changes"][0]["words"]["en"]
    assert "12,000" in second.with_last["changes"][0]["words"]["en"]
    signed(market, negotiation)
    assert rounds_of(negotiation) == before


def test_the_plan_of_an_amendment_says_what_could_not_be_carried_out(market, year):
    negotiation = amend(market, year, day="2027-04-29", price_minor=12_000)
    assert shown_plan(negotiation).refusal is None
    at(date(2027, 4, 30), 9)
    assert shown_plan(negotiation).refusal["field"] == "terms.effective_on"
