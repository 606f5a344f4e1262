"""Trades: what they come to, in which order they are secured, and how they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from clearing import handlers
from clearing.bank.queries import pay_in_reference
from clearing.models import Entry, Obligation, Trade
from clearing.reports.figures import waiting_trades
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.errors import PartyNotIndependent
from clearing.trades.queries import TradeCounts, adjustment_count, funds_needed, overdue_count, trade_counts
from clearing.trades.services.endings import fail_trade
from clearing.trades.terms import business_key_of
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.calendars import funding_deadline
from marketplace.kernel.errors import IllegalTransition, Missing
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as participants

from .. import factories
from ..accepting import accept_used


def emitted(kind: str) -> list[dict[str, object]]:
    return list(OutboxEvent.objects.filter(type=kind).order_by("pk").values_list("data", flat=True))


def test_an_agreement_of_an_unknown_party_makes_no_trade(market):
    event = replace(factories.agreement(market, "buyer", "seller", 10_000), buyer="org_unknown")
    with pytest.raises(Missing), transaction.atomic():
        handlers.on_agreement_concluded(event, factories.envelope(event))
    assert Trade.objects.count() == 0


def test_an_agreement_becomes_a_trade_with_tax_and_fee(market):
    trade = factories.conclude(market, "buyer", "seller", 10_005, reference="注文 7/a")
    buyer = market.party("buyer")
    assert trade.business_key == f"{buyer.corporate_number}:注文 7/a"
    assert (trade.tax_rate_bp, trade.tax_minor, trade.gross_minor) == (1_000, 1_000, 11_005)
    assert (trade.fee_minor, trade.fee_payer, trade.tariff, trade.fee_tax_rate_bp) == (
        500,
        "seller",
        "STANDARD-5",
        1_000,
    )
    assert trade.state == "concluded"
    (event,) = emitted("trade.concluded")
    assert event == {
        "trade": trade.public_id,
        "agreement": trade.agreement,
        "buyer": buyer.public_id,
        "seller": market.party("seller").public_id,
        "gross_minor": 11_005,
        "currency": "JPY",
        "fund_by": trade.fund_by.isoformat(),
        "waits_for_money": True,
        "charge": 1,
    }


def test_a_trade_that_the_buyers_money_covers_does_not_wait_for_it(market):
    factories.pay_in(market, "buyer", 11_005)
    trade = factories.conclude(market, "buyer", "seller", 10_005)
    (event,) = emitted("trade.concluded")
    assert (trade.state, event["waits_for_money"]) == ("secured", False)
    assert len(emitted("trade.secured")) == 1


def test_a_trade_that_an_earlier_one_leaves_too_little_for_waits_for_money(market):
    first = factories.conclude(market, "buyer", "seller", 10_000)
    assert first.state == "concluded"
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    factories.import_only(market, [factories.booking("credit", 11_000, f"振込 {reference}")])
    second = factories.conclude(market, "buyer", "seller", 10_000, reference="second")
    first.refresh_from_db()
    assert (first.state, second.state) == ("secured", "concluded")
    assert [event["waits_for_money"] for event in emitted("trade.concluded")] == [True, True]


def test_a_trade_is_concluded_and_secured_in_few_queries(market, django_assert_max_num_queries):
    factories.conclude(market, "buyer", "seller", 1)
    factories.pay_in(market, "buyer", 100_000)
    event = factories.agreement(market, "buyer", "seller", 10_000)
    surrounding = factories.envelope(event)
    with django_assert_max_num_queries(23), clock.read_once():
        handlers.on_agreement_concluded(event, surrounding)
    assert Trade.objects.get(agreement=event.agreement).state == "secured"


@pytest.mark.parametrize(
    ("category", "price", "tax"), [("standard", 19, 1), ("reduced", 124, 9), ("exempt", 1_000, 0)]
)
def test_tax_is_cut_off_to_whole_yen_by_category(market, category, price, tax):
    trade = factories.conclude(market, "buyer", "seller", price, tax_category=category)
    assert trade.tax_minor == tax


def test_what_was_not_used_comes_back_when_the_rest_is_captured(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 11_000)
    accept_used(trade, 3_005)
    trade.refresh_from_db()
    assert (trade.captured_price_minor, trade.captured_tax_minor, trade.captured_fee_minor) == (
        3_005,
        300,
        150,
    )
    assert [factories.balance(market, "buyer", kind) for kind in ("available", "held", "payable")] == [
        7_695,
        0,
        3_305,
    ]
    purchase = Obligation.objects.get(kind="purchase")
    assert (purchase.amount_minor, purchase.tax_minor) == (3_005, 300)
    cycle = factories.clear(market)
    assert (cycle.trades, factories.balance(market, "buyer", "payable")) == (1, 0)
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_of_a_period_without_use_everything_comes_back(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 11_000)
    accept_used(trade, 0)
    trade.refresh_from_db()
    assert (trade.state, trade.captured_price_minor, trade.captured_fee_minor) == ("accepted", 0, 0)
    assert (factories.available(market, "buyer"), factories.balance(market, "buyer", "held")) == (11_000, 0)
    factories.clear(market)
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_more_than_was_held_is_never_captured(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 11_000)
    with pytest.raises(ValueError, match="exceeds the hold of"):
        accept_used(trade, 10_001)
    trade.refresh_from_db()
    assert (trade.state, Obligation.objects.count()) == ("secured", 0)


def test_concluding_again_changes_nothing(market):
    event = factories.agreement(market, "buyer", "seller", 500)
    for _ in range(2):
        handlers.on_agreement_concluded(event, factories.envelope(event))
    assert Trade.objects.count() == 1
    assert len(emitted("trade.concluded")) == 1


@pytest.mark.parametrize("change", [{"is_operator": True}, {"operator_affiliate": True}])
def test_the_operator_and_its_affiliates_are_never_party(market, change):
    partial = market.operator if "is_operator" in change else participants.organisation("関係", **change)
    for side in ("buyer", "seller"):
        event = replace(factories.agreement(market, "buyer", "seller", 500), **{side: partial.public_id})
        with pytest.raises(PartyNotIndependent):
            handlers.on_agreement_concluded(event, factories.envelope(event))
    assert (Trade.objects.count(), emitted("trade.concluded")) == (0, [])


def test_a_trade_is_secured_at_once_if_the_money_is_there(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    assert trade.state == "secured"
    assert (factories.available(market, "buyer"), factories.balance(market, "buyer", "held")) == (0, 11_000)
    (event,) = emitted("trade.secured")
    assert (event["trade"], event["inspection_days"], event["listing"]) == (trade.public_id, 2, "lst_1")


def test_a_trade_that_costs_nothing_needs_no_money(market):
    trade = factories.accepted(market, "buyer", "seller", 0)
    assert (trade.state, trade.fee_minor) == ("accepted", 0)
    cycle = factories.clear(market)
    assert (cycle.trades, cycle.gross_minor, cycle.payments_before, cycle.payments_after) == (1, 0, 0, 0)
    assert factories.advance_to(cycle, "settled").state == "settled"


def test_waiting_trades_are_secured_in_order_of_conclusion(market):
    first = factories.conclude(market, "buyer", "seller", 10_000)
    big = factories.conclude(market, "buyer", "seller", 100_000)
    last = factories.conclude(market, "buyer", "other", 5_000)
    factories.pay_in(market, "buyer", 11_000 + 5_500)
    states = [Trade.objects.get(pk=trade.pk).state for trade in (first, big, last)]
    assert states == ["secured", "concluded", "secured"]
    assert factories.available(market, "buyer") == 0
    assert funds_needed(organisation=market.party("buyer").public_id, currency="JPY") == 110_000
    factories.pay_in(market, "buyer", 109_999)
    big.refresh_from_db()
    assert big.state == "concluded"
    assert funds_needed(organisation=market.party("buyer").public_id, currency="JPY") == 1


def test_which_worker_was_first_does_not_decide_whose_trade_is_secured(market):
    """Agreements of one moment have the order of their identifiers, however their events were handled."""
    clock.move_to(clock.now(), running=False)
    later = factories.conclude(market, "buyer", "seller", 10_000, agreement="agr_z2")
    earlier = factories.conclude(market, "buyer", "seller", 10_000, agreement="agr_z1")
    assert (earlier.concluded_at, earlier.pk > later.pk) == (later.concluded_at, True)
    factories.pay_in(market, "buyer", 11_000)
    assert [Trade.objects.get(pk=trade.pk).state for trade in (earlier, later)] == ["secured", "concluded"]


def test_money_of_one_buyer_secures_no_trade_of_another(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "other", 50_000)
    trade.refresh_from_db()
    assert (trade.state, factories.available(market, "other")) == ("concluded", 50_000)


def test_a_trade_not_paid_for_in_time_fails(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    clock.move_to(trade.fund_by - timedelta(seconds=1), running=False)
    assert carry_out_deadlines() == 0
    assert overdue_count() == 0
    clock.move_to(trade.fund_by, running=False)
    assert overdue_count() == 1
    assert carry_out_deadlines() == 1
    trade.refresh_from_db()
    assert (trade.state, trade.ended_at) == ("failed", trade.fund_by)
    (event,) = emitted("trade.failed")
    assert (event["trade"], event["reason_code"]) == (trade.public_id, "not_funded")
    assert carry_out_deadlines() == 0
    assert fail_trade(actor=SYSTEM, trade=trade.public_id) is False


def test_money_that_came_in_time_secures_even_when_nobody_looked(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    other = factories.conclude(market, "buyer", "seller", 100)
    factories.pay_in(market, "buyer", 110)
    assert [Trade.objects.get(pk=row.pk).state for row in (trade, other)] == ["concluded", "secured"]
    factories.pay_in(market, "payer", 20_000)
    waiting = factories.conclude(market, "payer", "seller", 1_000)
    assert waiting.state == "secured"
    clock.move_to(trade.fund_by + timedelta(days=1), running=False)
    assert carry_out_deadlines() == 1
    trade.refresh_from_db()
    assert trade.state == "failed"


def test_acceptance_releases_the_money_once(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    entries = Entry.objects.count()
    factories.accept(trade)
    assert (Entry.objects.count(), Obligation.objects.count()) == (entries, 2)
    assert factories.balance(market, "buyer", "payable") == 11_000


def test_what_is_not_secured_cannot_be_accepted(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    with pytest.raises(IllegalTransition):
        factories.accept(trade)
    trade.refresh_from_db()
    assert (trade.state, Obligation.objects.count()) == ("concluded", 0)


def test_a_complaint_holds_the_money_until_it_is_decided(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    assert factories.complain(trade).state == "disputed"
    assert factories.complain(trade).state == "disputed"
    with pytest.raises(IllegalTransition):
        factories.accept(trade)
    assert factories.balance(market, "buyer", "held") == 11_000
    assert factories.resolve(trade, "redelivery").state == "secured"
    assert factories.accept(trade).state == "accepted"
    assert factories.complain(trade).state == "accepted"
    assert factories.resolve(trade, "refund").state == "accepted"


def test_a_refund_gives_the_money_back_and_secures_what_waits(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    waiting = factories.conclude(market, "buyer", "other", 9_000)
    factories.complain(trade)
    assert factories.resolve(trade, "refund").state == "refunded"
    waiting.refresh_from_db()
    assert waiting.state == "secured"
    assert (factories.available(market, "buyer"), factories.balance(market, "buyer", "held")) == (
        1_100,
        9_900,
    )
    (event,) = emitted("trade.refunded")
    assert (event["trade"], event["amount_minor"]) == (trade.public_id, 11_000)
    assert factories.accept(trade).state == "refunded"
    assert Obligation.objects.count() == 0


def test_a_correction_is_made_once_with_tax_at_the_rate_of_the_trade(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    for _ in range(2):
        factories.adjust(market, trade, "seller", "buyer", 105, adjustment="adj_same")
    made = Obligation.objects.get(kind="adjustment")
    assert (made.debtor_id, made.creditor_id) == (market.party("seller").pk, market.party("buyer").pk)
    assert (made.amount_minor, made.tax_minor, made.source) == (105, 10, "adj_same")
    assert adjustment_count() == 1


def test_a_correction_is_between_the_parties_of_the_trade(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    with pytest.raises(Missing):
        factories.adjust(market, trade, "stranger", "buyer", 105)
    assert adjustment_count() == 0


def test_corrections_of_a_trade_that_is_undone_are_undone(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.adjust(market, trade, "seller", "buyer", 100)
    factories.complain(trade)
    factories.resolve(trade, "refund")
    made, undone = Obligation.objects.order_by("pk")
    assert (undone.reverses_id, undone.debtor_id, undone.creditor_id) == (
        made.pk,
        made.creditor_id,
        made.debtor_id,
    )
    factories.adjust(market, trade, "seller", "buyer", 100)
    assert Obligation.objects.count() == 2
    assert EvidenceRecord.objects.filter(kind="clearing.trade_adjustment_void").count() == 1
    cycle = factories.clear(market)
    assert (cycle.trades, cycle.net_minor) == (0, 0)


def test_every_step_of_a_trade_leaves_evidence(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    kinds = (
        EvidenceRecord.objects.filter(subject=trade.public_id).order_by("pk").values_list("kind", flat=True)
    )
    assert list(kinds) == ["clearing.trade_concluded", "clearing.trade_secured", "clearing.trade_accepted"]


def test_the_deadline_is_the_end_of_a_business_day_in_japan():
    friday = datetime(2026, 12, 4, 1, 0, tzinfo=UTC)
    assert funding_deadline(friday, 0, clock.market_zone()) == datetime(2026, 12, 4, 15, 0, tzinfo=UTC)
    assert funding_deadline(friday, 1, clock.market_zone()) == datetime(2026, 12, 7, 15, 0, tzinfo=UTC)
    year_end = datetime(2026, 12, 30, 1, 0, tzinfo=UTC)
    assert funding_deadline(year_end, 1, clock.market_zone()) == datetime(2027, 1, 4, 15, 0, tzinfo=UTC)
    saturday = datetime(2026, 12, 5, 1, 0, tzinfo=UTC)
    assert funding_deadline(saturday, 0, clock.market_zone()) == datetime(2026, 12, 7, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("PO-1", "1:PO-1"),
        ("a|b", "1:a%7Cb"),
        ("a%7Cb", "1:a%257Cb"),
        ("line\nfeed", "1:line%0Afeed"),
        ("注文", "1:注文"),
    ],
)
def test_business_keys_keep_references_apart(reference, key):
    assert business_key_of("1", reference) == key


def test_waiting_trades_say_why(market):
    factories.conclude(market, "poor", "seller", 10)
    factories.pay_in(market, "buyer", 30_000)
    factories.conclude(market, "buyer", "seller", 1_000)
    factories.complain(factories.conclude(market, "buyer", "seller", 2_000))
    factories.accept(factories.conclude(market, "buyer", "seller", 3_000))
    rows = sorted(waiting_trades(), key=lambda row: row["state"])
    assert [(row["state"], row["gross_minor"], row["reason_code"]) for row in rows] == [
        ("accepted", 3_300, "trade.waits_for_cut_off_command"),
        ("concluded", 11, "trade.waits_for_money"),
        ("disputed", 2_200, "trade.disputed"),
        ("secured", 1_100, "trade.waits_for_acceptance"),
    ]
    assert [row["reason"].ja for row in rows] == [row["waiting"]["label"]["ja"] for row in rows]
    assert trade_counts() == TradeCounts(concluded=4, cleared=0, held=1, failed=0, refunded=0)
    factories.clear(market)
    assert trade_counts() == TradeCounts(concluded=4, cleared=1, held=1, failed=0, refunded=0)
