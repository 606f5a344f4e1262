"""Data made to order is paid for within its time, whatever silence, complaints and cycles say."""

from __future__ import annotations

from datetime import date

import pytest

from clearing.models import Obligation, Trade
from clearing.reports.late_payments import payments_late_by_law
from clearing.run.services.sweeping import carry_out_deadlines
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.models import AsideRow
from tests.participants.factories import client_of
from tests.poison import aside, let_pauses_pass, tasks_to_repair
from tests.standing import made_once

from .. import factories
from ..factories import on_day


@made_once
def market():
    """A market in which it is the morning of Monday, 4 January 2027."""
    on_day(2027, 1, 4)
    return factories.market()


@made_once
def trade(market):
    """Data made to order, paid for and received on Tuesday, 5 January: to be paid by Friday, 5 March 2027."""
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000, commissioned=True)
    on_day(2027, 1, 5)
    return factories.matched(trade)


def clean() -> bool:
    return {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_receipt_sets_the_day_of_payment_once(market, trade):
    assert (trade.received_at.isoformat(), trade.pay_by) == ("2027-01-05T00:00:00+00:00", date(2027, 3, 5))
    on_day(2027, 1, 9)
    factories.matched(trade)
    assert trade.pay_by == date(2027, 3, 5)
    assert EvidenceRecord.objects.filter(kind="clearing.trade_received").count() == 1
    plain = factories.matched(factories.conclude(market, "buyer", "seller", 10))
    assert (plain.received_at, plain.pay_by) == (None, None)


def test_a_rulebook_may_shorten_the_time(db):
    on_day(2027, 1, 4)
    market = factories.market(factories.RULEBOOK | {"parameters": {"commissioned_payment_days": 30}})
    trade = factories.conclude(market, "buyer", "seller", 10_000, commissioned=True)
    assert factories.matched(trade).pay_by == date(2027, 2, 2)


@pytest.mark.parametrize("complaint", [False, True])
def test_it_is_accepted_in_time_to_be_paid(market, trade, complaint):
    if complaint:
        factories.complain(trade)
    # Five business days before Friday, 5 March, is Friday, 26 February.
    on_day(2027, 2, 25)
    assert carry_out_deadlines() == 0
    on_day(2027, 2, 26)
    assert carry_out_deadlines() == 1
    trade.refresh_from_db()
    assert (trade.state, trade.captured_price_minor) == ("accepted", 10_000)
    assert EvidenceRecord.objects.filter(kind="clearing.trade_accepted_by_law").count() == 1
    assert factories.available(market, "buyer") == 0
    assert carry_out_deadlines() == 0
    factories.clear(market)
    assert clean()


def test_a_fee_that_own_money_does_not_cover_is_refunded_when_it_does(market, trade):
    """The fee was paid out before the complaint was upheld: the buyer's refund does not wait for the operator's money."""
    factories.complain(trade)
    on_day(2027, 2, 26)
    carry_out_deadlines()
    factories.settle(market, factories.clear(market))
    factories.resolve(trade, "refund")
    assert [row.kind for row in Obligation.objects.filter(kind__in=("refund", "fee_refund"))] == ["refund"]
    assert aside("clearing.refund_put_off_fees") == [trade.public_id]
    assert AsideRow.objects.get(subject=trade.public_id).next_at is not None
    ((title, state),) = tasks_to_repair()
    assert (trade.public_id in title, "OperatorMoneyShort" in title, state) == (True, True, "open")
    let_pauses_pass()
    assert carry_out_deadlines() == 0
    factories.pay_own_money(market, 550)
    let_pauses_pass()
    assert carry_out_deadlines() == 1
    (refunded,) = Obligation.objects.filter(kind="fee_refund")
    assert (refunded.amount_minor, refunded.tax_minor) == (500, 50)
    assert EvidenceRecord.objects.get(kind="clearing.trade_fee_refunded").subject == trade.public_id
    assert (aside("clearing.refund_put_off_fees"), tasks_to_repair()[0][1]) == ([], "done")
    assert carry_out_deadlines() == 0
    assert clean()


def test_a_complaint_that_is_upheld_afterwards_is_a_correction(market, trade):
    factories.complain(trade)
    on_day(2027, 2, 26)
    carry_out_deadlines()
    assert factories.resolve(trade, "refund").state == "accepted"
    factories.resolve(trade, "refund")
    rows = Obligation.objects.order_by("pk").values_list("kind", "amount_minor", "tax_minor")
    assert list(rows) == [
        ("purchase", 10_000, 1_000),
        ("fee", 500, 0),
        ("refund", 10_000, 1_000),
        ("fee_refund", 500, 50),
    ]
    factories.clear(market)
    assert factories.balance(market, "buyer", "receivable") == 11_000
    assert clean()


def test_a_complaint_that_is_dismissed_afterwards_changes_nothing(market, trade):
    factories.complain(trade)
    on_day(2027, 2, 26)
    carry_out_deadlines()
    assert factories.resolve(trade, "dismissed").state == "accepted"
    assert factories.accept(trade).state == "accepted"
    assert Obligation.objects.count() == 2


def test_what_was_not_paid_by_its_day_is_found(market, trade):
    operator = client_of(market.operator)

    def late() -> list[str]:
        found = [row.public_id for row in payments_late_by_law()]
        shown = operator.get("/api/v1/trades/", {"late_by_law": "true"}).json()["results"]
        others = operator.get("/api/v1/trades/", {"late_by_law": "false"}).json()["results"]
        assert ([row["id"] for row in shown], len(shown) + len(others)) == (found, Trade.objects.count())
        return found

    on_day(2027, 3, 5)
    assert late() == []
    on_day(2027, 3, 6)
    assert late() == [trade.public_id]
    carry_out_deadlines()
    cycle = factories.clear(market)
    assert late() == [trade.public_id]
    factories.settle(market, cycle)
    assert (cycle.state, late()) == ("settled", [])


def test_what_was_accepted_comes_back_by_the_amount_that_was_decided_alone(market, trade):
    factories.accept(trade)
    factories.complain(trade)
    factories.resolve(trade, "termination", after_acceptance=True)
    assert not Obligation.objects.filter(kind="refund").exists()
    assert clean()
