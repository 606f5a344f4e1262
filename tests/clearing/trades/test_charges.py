"""Instalments, subscriptions and metered use, as a buyer and a seller live through them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from clearing import handlers
from clearing.approvals.halts import lift_halt_by_two
from clearing.models import (
    ChargePlan,
    ChargeProgress,
    Obligation,
    PlannedCharge,
    PlannedShare,
    Trade,
    UsageRecord,
)
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.errors import ChargingFaulty, UsageFaulty
from clearing.trades.services import charges as charges_service
from clearing.trades.services.charges import begin_due_charges
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.contracts import AgreementTerminated, Beneficiary
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from marketplace.participants.models import Organisation
from marketplace.rules import services as rules
from tests.participants import factories as participants
from tests.standing import made_once

from .. import factories
from ..factories import charges, on_day, states


@made_once
def market():
    """A market in which it is the morning of Monday, 4 January 2027."""
    on_day(2027, 1, 4)
    return factories.market()


def clean() -> bool:
    return {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def emitted(kind: str) -> list[dict[str, object]]:
    return list(OutboxEvent.objects.filter(type=kind).order_by("pk").values_list("data", flat=True))


def kept() -> tuple[int, ...]:
    tables = (ChargePlan, PlannedCharge, PlannedShare, ChargeProgress, Trade)
    return tuple(table.objects.count() for table in tables)


def test_a_plain_price_needs_no_plan(market):
    factories.conclude(market, "buyer", "seller", 10_000)
    assert kept() == (0, 0, 0, 0, 1)


def test_while_trading_is_halted_no_further_charge_begins(market):
    factories.pay_in(market, "buyer", 200)
    first = factories.plan(market, "instalment", 100, charges=3)
    factories.accept(first)
    reason = {"ja": "確認のため", "en": "Something is checked."}
    halt = rules.halt_trading(actor=market.actor, scope="market", reason=reason)
    on_day(2027, 2, 4)
    assert (carry_out_deadlines(), len(charges(first.agreement))) == (0, 1)
    factories.by_two(market, lift_halt_by_two, halt=halt.public_id, reason=reason)
    assert carry_out_deadlines() == 1
    assert [trade.state for trade in charges(first.agreement)] == ["accepted", "accepted"]
    assert clean()


def test_a_hundred_yen_in_three_instalments(market):
    factories.pay_in(market, "buyer", 109)
    first = factories.plan(market, "instalment", 100, charges=3)
    assert (first.price_minor, first.gross_minor, first.state) == (34, 37, "secured")
    assert list(PlannedCharge.objects.order_by("charge").values_list("price_minor", "due_on")) == [
        (34, date(2027, 1, 4)),
        (33, date(2027, 2, 4)),
        (33, date(2027, 3, 4)),
    ]
    assert factories.accept(first).state == "accepted"
    on_day(2027, 2, 3)
    assert carry_out_deadlines() == 0
    on_day(2027, 2, 4)
    assert carry_out_deadlines() == 1
    second = charges(first.agreement)[1]
    assert (second.charge, second.business_key) == (2, f"{first.business_key}#2")
    assert (second.price_minor, second.state) == (33, "accepted")
    on_day(2027, 3, 4)
    assert carry_out_deadlines() == 1
    assert states(first.agreement) == ["accepted"] * 3
    assert carry_out_deadlines() == 0
    paid = Obligation.objects.filter(kind="purchase").order_by("pk").values_list("amount_minor", "tax_minor")
    assert list(paid) == [(34, 3), (33, 3), (33, 3)]
    assert factories.available(market, "buyer") == 0
    factories.clear(market)
    assert clean()


def test_an_instalment_before_the_delivery_waits_for_it(market):
    factories.pay_in(market, "buyer", 109)
    first = factories.plan(market, "instalment", 100, charges=3)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    assert states(first.agreement) == ["secured", "secured"]
    factories.accept(first)
    assert states(first.agreement) == ["accepted", "accepted"]
    assert clean()


def test_a_year_of_a_subscription_with_one_month_that_is_not_paid(market):
    first = factories.plan(market, "subscription", 1_000, charges=12)
    factories.pay_in(market, "buyer", 5 * 1_100)
    first.refresh_from_db()
    assert first.state == "secured"
    assert factories.accept(first).state == "secured"
    for month in (2, 3, 4, 5):
        on_day(2027, month, 4)
        carry_out_deadlines()
        assert states(first.agreement) == ["accepted"] * (month - 1) + ["secured"]
    on_day(2027, 6, 4)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted"] * 5 + ["concluded"]
    sixth = charges(first.agreement)[-1]
    clock.move_to(sixth.fund_by, running=False)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted"] * 5 + ["failed"]
    (failed,) = emitted("trade.failed")
    assert (failed["charge"], failed["reason_code"]) == (6, "not_funded")
    on_day(2027, 12, 4)
    assert carry_out_deadlines() == 0
    assert len(charges(first.agreement)) == 6
    factories.clear(market)
    assert (factories.balance(market, "seller", "receivable"), factories.available(market, "buyer")) == (
        5 * (1_100 - 110),
        0,
    )
    assert clean()


def test_after_an_outage_charges_are_caught_up_without_gap_or_repeat(market):
    factories.pay_in(market, "buyer", 12 * 1_100)
    first = factories.plan(market, "subscription", 1_000, charges=12)
    factories.accept(first)
    on_day(2027, 7, 20)
    assert begin_due_charges(limit=4) == 4
    assert [trade.charge for trade in charges(first.agreement)] == [1, 2, 3, 4, 5]
    carry_out_deadlines()
    carry_out_deadlines()
    made = charges(first.agreement)
    assert [trade.charge for trade in made] == [1, 2, 3, 4, 5, 6, 7]
    assert [clock.business_date(trade.concluded_at) for trade in made[1:]] == [
        date(2027, month, 4) for month in range(2, 8)
    ]
    assert states(first.agreement) == ["accepted"] * 6 + ["secured"]
    assert made[-1].fund_by > clock.now()
    assert clean()


def test_a_period_that_was_never_delivered_is_not_accepted(market):
    factories.pay_in(market, "buyer", 2_200)
    first = factories.plan(market, "subscription", 1_000, charges=2)
    on_day(2027, 4, 1)
    carry_out_deadlines()
    assert states(first.agreement) == ["secured", "secured"]
    assert Obligation.objects.count() == 0


def test_a_complaint_holds_every_charge_and_begins_none(market):
    factories.pay_in(market, "buyer", 10_000)
    first = factories.plan(market, "subscription", 1_000, charges=4)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.complain(first)
    assert states(first.agreement) == ["disputed", "disputed"]
    on_day(2027, 3, 10)
    assert carry_out_deadlines() == 0
    factories.resolve(first, "dismissed")
    assert states(first.agreement) == ["secured", "secured"]
    factories.accept(first)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted", "accepted", "secured"]
    assert clean()


def test_a_charge_that_is_paid_during_a_complaint_is_held_too(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "subscription", 1_000, charges=3, funding_days=9)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.complain(first)
    assert states(first.agreement) == ["disputed", "concluded"]
    factories.pay_in(market, "buyer", 1_100)
    assert states(first.agreement) == ["disputed", "disputed"]
    assert clean()


def test_a_refund_undoes_what_is_held_and_ends_the_charges(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "subscription", 1_000, charges=4, funding_days=9)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.complain(first)
    factories.resolve(first, "refund")
    assert states(first.agreement) == ["refunded", "failed"]
    assert factories.available(market, "buyer") == 1_100
    assert [event["reason_code"] for event in emitted("trade.failed")] == ["agreement_ended"]
    on_day(2027, 9, 1)
    assert carry_out_deadlines() == 0
    assert clean()


def test_an_agreement_that_ended_is_charged_no_more(market):
    factories.pay_in(market, "buyer", 9_900)
    first = factories.plan(market, "subscription", 1_000, charges=4)
    event = AgreementTerminated(
        agreement=first.agreement, buyer="org_buyer", seller="org_seller", reason_code="payment_failed"
    )
    for _ in range(2):
        handlers.on_agreement_terminated(event, factories.envelope(event))
    on_day(2027, 3, 1)
    carry_out_deadlines()
    assert states(first.agreement) == ["secured"]
    factories.ended(first, "terminated")
    assert states(first.agreement) == ["refunded"]
    assert factories.available(market, "buyer") == 9_900
    assert clean()


def test_periods_after_the_one_that_failed_go_back(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "subscription", 1_000, charges=4, funding_days=0)
    factories.accept(first)
    on_day(2027, 3, 4)
    begin_due_charges(limit=9)
    second, third = charges(first.agreement)[1:]
    factories.pay_in(market, "buyer", 1_100)
    assert states(first.agreement) == ["secured", "secured", "concluded"]
    clock.move_to(third.fund_by, running=False)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted", "accepted", "failed"]
    factories.ended(first, "terminated")
    assert states(first.agreement) == ["accepted", "accepted", "failed"]
    assert second.charge == 2
    assert clean()


def test_when_the_first_charge_fails_what_later_ones_hold_goes_back(market):
    first = factories.plan(market, "instalment", 5, charges=3, funding_days=60)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.pay_in(market, "buyer", 1)
    assert [trade.price_minor for trade in charges(first.agreement)] == [2, 2]
    on_day(2027, 3, 4)
    carry_out_deadlines()
    assert states(first.agreement) == ["concluded", "concluded", "secured"]
    clock.move_to(first.fund_by, running=False)
    carry_out_deadlines()
    assert states(first.agreement) == ["failed", "failed", "refunded"]
    assert factories.available(market, "buyer") == 1
    assert clean()


def test_a_metered_period_is_captured_as_used_and_the_rest_goes_back(market):
    factories.pay_in(market, "buyer", 11_000)
    first = factories.plan(market, "metered", 10_000, charges=1)
    factories.accept(first)
    factories.use(first, 2_000, on_day(2027, 1, 10))
    once = factories.use(first, 1_005, on_day(2027, 2, 3, 23))
    assert (once.charged_minor, once.refusal) == (1_005, None)
    again = factories.use(first, 1_005, once.used_at, usage=once.usage)
    assert again.pk == once.pk
    on_day(2027, 2, 4)
    assert carry_out_deadlines() == 0
    on_day(2027, 2, 5)
    assert carry_out_deadlines() == 1
    first.refresh_from_db()
    assert (first.captured_price_minor, first.captured_tax_minor, first.captured_fee_minor) == (
        3_005,
        300,
        150,
    )
    assert (factories.available(market, "buyer"), factories.balance(market, "buyer", "held")) == (7_695, 0)
    factories.clear(market)
    assert clean()


def test_use_beyond_the_ceiling_is_kept_and_not_charged(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "metered", 1_000, charges=1)
    factories.accept(first)
    instant = on_day(2027, 1, 10)
    made = [factories.use(first, amount, instant) for amount in (900, 300, 5)]
    assert [(row.charged_minor, row.refusal) for row in made] == [
        (900, None),
        (100, "beyond_ceiling"),
        (0, "beyond_ceiling"),
    ]
    assert EvidenceRecord.objects.filter(kind="clearing.usage_refused").count() == 2
    outside = factories.use(first, 1, on_day(2027, 2, 4))
    foreign = factories.use(first, 1, instant, currency="USD")
    assert (outside.refusal, foreign.refusal) == ("no_period", "other_currency")
    on_day(2027, 2, 5)
    carry_out_deadlines()
    late = factories.use(first, 1, instant)
    assert (late.charged_minor, late.refusal) == (0, "period_closed")
    first.refresh_from_db()
    assert (first.state, first.captured_price_minor) == ("accepted", 1_000)
    assert clean()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"used_at": "yesterday"}, "not a date and time"),
        ({"used_at": "2027-01-10T00:00:00"}, "no time zone"),
        ({"amount_minor": -1}, "must not be negative"),
        ({"amount_minor": 10**12 + 1}, "beyond their ceilings"),
        ({"quantity": 10**9 + 1}, "beyond their ceilings"),
    ],
)
def test_use_that_cannot_be_understood_is_refused(market, change, words):
    first = factories.plan(market, "metered", 1_000, charges=1)
    with pytest.raises(UsageFaulty, match=words):
        factories.use(first, **({"amount_minor": 5, "used_at": clock.now()} | change))
    assert UsageRecord.objects.count() == 0


def test_use_told_again_with_other_figures_is_refused(market):
    first = factories.plan(market, "metered", 1_000, charges=1)
    known = factories.use(first, 5, clock.now())
    with pytest.raises(UsageFaulty, match="other figures"):
        factories.use(first, 6, known.used_at, usage=known.usage)
    plain = factories.conclude(market, "buyer", "seller", 10)
    with pytest.raises(UsageFaulty, match="not metered"):
        factories.use(plain, 6, known.used_at)
    assert list(UsageRecord.objects.values_list("amount_minor", flat=True)) == [5]


def test_seven_beneficiaries_get_their_share_in_the_cycle_of_the_purchase(market):
    names = [f"person {number}" for number in range(7)]
    shares = tuple(Beneficiary(organisation=market.party(name).public_id, share_bp=1_000) for name in names)
    trade = factories.accepted(market, "buyer", "seller", 1_003, beneficiaries=shares)
    made = Obligation.objects.filter(kind="share").order_by("beneficiary_key")
    # Seven times 100.3 and 300.9 for the seller, whose remainder is the largest; two yen are left after it.
    assert [row.amount_minor for row in made] == [101, 101, 100, 100, 100, 100, 100]
    assert {(row.debtor_id, row.tax_minor, row.cycle_id) for row in made} == {
        (trade.seller_id, 0, Obligation.objects.get(kind="purchase").cycle_id)
    }
    assert sorted(row.beneficiary_key for row in made) == sorted(
        market.party(name).corporate_number for name in names
    )
    factories.clear(market)
    received = [factories.balance(market, name, "receivable") for name in names]
    assert sorted(received) == [100] * 5 + [101] * 2
    assert factories.balance(market, "seller", "receivable") == 1_103 - 702 - 100 - 10
    assert clean()


def test_of_a_metered_period_the_shares_are_of_what_was_captured(market):
    shares = (Beneficiary(organisation=market.party("person").public_id, share_bp=5_000),)
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "metered", 1_000, charges=1, beneficiaries=shares)
    factories.accept(first)
    factories.use(first, 301, on_day(2027, 1, 10))
    on_day(2027, 2, 5)
    carry_out_deadlines()
    assert Obligation.objects.get(kind="share").amount_minor == 151
    assert clean()


def faulty(market: factories.Market, **changes: object) -> None:
    event = factories.agreement(market, "buyer", "seller", 100, **changes)
    with pytest.raises(ChargingFaulty):
        handlers.on_agreement_concluded(event, factories.envelope(event))


def test_an_agreement_that_cannot_be_charged_is_refused_whole(market):
    def share(name: str, share_bp: int) -> Beneficiary:
        organisation = market.operator if name == "operator" else market.party(name)
        return Beneficiary(organisation=organisation.public_id, share_bp=share_bp)

    nobody = replace(share("a", 1), organisation="org_nobody")
    for beneficiaries in (
        (share("a", 6_000), share("b", 4_001)),
        (share("a", 100), share("a", 100)),
        (share("buyer", 100),),
        (share("seller", 100),),
        (share("operator", 100),),
        (share("a", 0),),
        (nobody,),
    ):
        faulty(market, beneficiaries=beneficiaries)
    faulty(market, charging="subscription", charges=0)
    faulty(market, charging="subscription", first_period_from="soon")
    faulty(market, charging="instalment", charges=2, commissioned=True)
    assert kept() == (0, 0, 0, 0, 0)


def test_a_halt_begins_no_charge(market, monkeypatch):
    """``may_charge`` is where a halt is asked for; what it says is followed."""
    factories.pay_in(market, "buyer", 2_200)
    first = factories.plan(market, "subscription", 1_000, charges=2)
    on_day(2027, 2, 4)
    asked: list[Trade] = []
    monkeypatch.setattr(charges_service, "may_charge", lambda trade: bool(asked.append(trade)))
    assert begin_due_charges(limit=9) == 0
    assert ([trade.pk for trade in asked], len(charges(first.agreement))) == ([first.pk], 1)
    monkeypatch.undo()
    assert begin_due_charges(limit=9) == 1


def test_what_is_never_collected_is_given_back(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    waiting = factories.conclude(market, "buyer", "other", 9_000)
    assert factories.ended(trade, "not_collected").state == "refunded"
    waiting.refresh_from_db()
    assert waiting.state == "secured"
    (event,) = emitted("trade.refunded")
    assert (event["trade"], event["amount_minor"]) == (trade.public_id, 11_000)
    assert EvidenceRecord.objects.filter(kind="clearing.trade_expired").count() == 1
    assert factories.ended(trade, "not_collected").state == "refunded"
    accepted = factories.accept(waiting)
    assert factories.ended(accepted, "not_collected").state == "accepted"
    assert clean()


def test_access_that_ran_its_term_gives_nothing_back(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    for reason_code in ("expired", "refunded"):
        assert factories.ended(trade, reason_code).state == "secured"
    assert factories.complain(trade).state == "disputed"
    assert factories.ended(trade, "terminated").state == "disputed"


def test_charges_are_concluded_at_the_rates_of_the_day_they_are_due(market):
    factories.pay_in(market, "buyer", 5_000)
    first = factories.plan(market, "subscription", 1_000, charges=3, first_period_from="2026-11-04")
    carry_out_deadlines()
    made = charges(first.agreement)
    assert [trade.charge for trade in made] == [1, 2, 3]
    # Charges that were due before the agreement was signed stand from its conclusion.
    assert {trade.concluded_at for trade in made} == {first.concluded_at}
    assert clock.now() - first.concluded_at < timedelta(days=1)


def test_a_thousand_beneficiaries_share_in_one_statement(market, django_assert_max_num_queries):
    numbers = [participants.corporate_number() for _ in range(1_000)]
    people = Organisation.objects.bulk_create(
        Organisation(
            name_ja=f"受益者{at}",
            name_en=f"Beneficiary {at}",
            corporate_number=number,
            kind="business",
            country="JP",
            address="東京都",
            representative="代表",
            registered_at=clock.now(),
        )
        for at, number in enumerate(numbers)
    )
    shares = tuple(Beneficiary(organisation=person.public_id, share_bp=9) for person in people)
    factories.pay_in(market, "buyer", 110_000)
    with django_assert_max_num_queries(60):
        trade = factories.conclude(market, "buyer", "seller", 100_000, beneficiaries=shares)
    with django_assert_max_num_queries(60):
        factories.accept(trade)
    made = Obligation.objects.filter(kind="share")
    assert (made.count(), sum(row.amount_minor for row in made)) == (1_000, 90_000)
    cycle = factories.clear(market)
    assert (cycle.obligations, factories.balance(market, "seller", "receivable")) == (
        1_002,
        110_000 - 90_000 - 5_500,
    )
    assert clean()


def test_the_days_of_charges_count_from_the_conclusion_that_the_event_states(market):
    """The event is emitted on another day of the market than its agreement was concluded."""
    factories.pay_in(market, "buyer", 110)
    on_day(2027, 1, 5, 0)
    stated = datetime(2027, 1, 4, 23, 59, tzinfo=clock.market_zone())
    first = factories.plan(market, "subscription", 100, charges=2, concluded_at=stated.isoformat())
    assert first.concluded_at == stated
    begins = PlannedCharge.objects.order_by("charge").values_list("period_from", flat=True)
    assert list(begins) == [date(2027, 1, 4), date(2027, 2, 4)]
