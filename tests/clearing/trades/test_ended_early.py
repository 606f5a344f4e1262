"""Agreements that end before their term: what comes back, to the yen, in whichever state their trade is."""

from __future__ import annotations

import pytest

from clearing import handlers
from clearing.models import Obligation, Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.services.corrections import refund_trade
from contracts.ending.pro_rata import pro_rata
from marketplace.events.schemas.contracts import AdjustmentDue, AgreementTerminated
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.clearing import factories
from tests.clearing.two_people import by_two
from tests.standing import FIRST_DAY, made_once

PRICE = 1_200_000
YEAR = pro_rata(price_minor=PRICE, tax_rate_bp=1_000, days=365, unused_days=182)


@made_once
def market() -> factories.Market:
    """A market that can clear yen, on the first day of the tests' calendar."""
    clock.move_to(FIRST_DAY)
    return factories.market()


def end_early(
    market,
    trade: Trade,
    amount_minor: int,
    *,
    charge: int = 1,
    reason_code: str = "mutual",
    received: bool = False,
) -> None:
    """What clearing hears when an agreement is ended: what comes back, that it is terminated, and that access has ended."""
    parties = {"buyer": market.party("buyer").public_id, "seller": market.party("seller").public_id}
    due = AdjustmentDue(
        adjustment=f"adj_{trade.pk}",
        agreement=trade.agreement,
        debtor=parties["seller"],
        creditor=parties["buyer"],
        amount_minor=amount_minor,
        currency="JPY",
        reason_code="ended_early",
        within_left=True,
        charge=charge,
    )
    over = AgreementTerminated(agreement=trade.agreement, **parties, reason_code=reason_code)
    for _ in range(2):
        if amount_minor:
            handlers.on_adjustment_due(due, factories.envelope(due))
        handlers.on_agreement_terminated(over, factories.envelope(over))
    factories.ended(trade, "terminated", received=received)
    trade.refresh_from_db()


def given_back(trade: Trade) -> list[tuple[int, int]]:
    rows = Obligation.objects.filter(trade=trade, kind__in=("adjustment", "refund")).order_by("pk")
    return list(rows.values_list("amount_minor", "tax_minor"))


def test_the_year_of_the_example_comes_back_to_the_yen(market):
    trade = factories.accepted(market, "buyer", "seller", PRICE)
    end_early(market, trade, YEAR.refund_minor)
    assert given_back(trade) == [(598_356, 59_835)] == [(YEAR.refund_minor, YEAR.refund_tax_minor)]
    stays = (trade.captured_price_minor - 598_356, trade.captured_tax_minor - 59_835)
    assert stays == (601_644, 60_165) == (YEAR.kept_minor, YEAR.kept_tax_minor)
    assert trade.state == "accepted"


@pytest.mark.parametrize(("price", "returned"), [(999_999, 333_333), (100_001, 7), (11, 3)])
def test_the_tax_agrees_with_what_was_shown_after_other_corrections(market, price, returned):
    trade = factories.accepted(market, "buyer", "seller", price)
    factories.adjust(market, trade, "seller", "buyer", returned)
    shown = pro_rata(price_minor=price, tax_rate_bp=1_000, days=365, unused_days=182, returned_minor=returned)
    end_early(market, trade, shown.refund_minor)
    assert given_back(trade)[1:] == [(shown.refund_minor, shown.refund_tax_minor)]


def test_what_was_not_accepted_is_not_paid(market):
    factories.pay_in(market, "buyer", 1_320_000)
    trade = factories.conclude(market, "buyer", "seller", PRICE)
    assert trade.state == "secured"
    end_early(market, trade, YEAR.refund_minor)
    assert (trade.state, factories.available(market, "buyer")) == ("refunded", 1_320_000)


def test_what_was_received_is_paid_once_it_is_accepted_less_what_comes_back(market):
    factories.pay_in(market, "buyer", 1_320_000)
    trade = factories.conclude(market, "buyer", "seller", PRICE)
    end_early(market, trade, YEAR.refund_minor, received=True)
    assert (trade.state, factories.available(market, "buyer")) == ("secured", 0)
    accepted = factories.accept(trade)
    assert accepted.state == "accepted"
    assert given_back(trade) == [(YEAR.refund_minor, YEAR.refund_tax_minor)]


def test_a_trade_that_waits_for_its_money_fails(market):
    trade = factories.conclude(market, "buyer", "seller", PRICE)
    assert trade.state == "concluded"
    end_early(market, trade, YEAR.refund_minor)
    assert trade.state == "failed"
    factories.pay_in(market, "buyer", 1_320_000)
    assert factories.available(market, "buyer") == 1_320_000


def test_what_clearing_returned_by_itself_is_not_returned_again(market):
    trade = factories.accepted(market, "buyer", "seller", PRICE)
    by_two(market, refund_trade, trade=trade.public_id, reason="過大", amount_minor=1_000_000)
    end_early(market, trade, YEAR.refund_minor)
    assert given_back(trade) == [(1_000_000, 100_000), (200_000, 20_000)]


def test_what_was_returned_whole_has_nothing_left(market):
    trade = factories.accepted(market, "buyer", "seller", PRICE)
    factories.adjust(market, trade, "seller", "buyer", PRICE)
    end_early(market, trade, YEAR.refund_minor)
    assert given_back(trade) == [(PRICE, 120_000)]


def test_a_dispute_that_terminates_returns_the_hold(market):
    factories.pay_in(market, "buyer", 1_320_000)
    trade = factories.conclude(market, "buyer", "seller", PRICE)
    factories.complain(trade)
    factories.resolve(trade, "termination")
    assert (trade.state, factories.available(market, "buyer")) == ("refunded", 1_320_000)


def test_a_period_that_was_never_paid_is_not_returned_from_a_paid_one(market):
    factories.on_day(2027, 1, 4)
    factories.pay_in(market, "buyer", 110_000)
    first = factories.accept(factories.plan(market, "subscription", 100_000, charges=3, funding_days=10))
    factories.on_day(2027, 2, 4)
    carry_out_deadlines()
    assert factories.states(first.agreement) == ["accepted", "concluded"]
    factories.on_day(2027, 2, 7, 0)
    end_early(market, first, 92_857, charge=2)
    assert factories.states(first.agreement) == ["accepted", "failed"]
    assert given_back(first) == []
    void = EvidenceRecord.objects.filter(kind="clearing.trade_adjustment_void")
    second = factories.charges(first.agreement)[1].public_id
    assert {(row.subject, row.payload["amount_minor"]) for row in void} == {(second, 92_857)}


def test_a_period_that_was_paid_is_returned_from_itself(market):
    factories.on_day(2027, 1, 4)
    factories.pay_in(market, "buyer", 220_000)
    first = factories.accept(factories.plan(market, "subscription", 100_000, charges=3))
    factories.on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.on_day(2027, 2, 7, 0)
    end_early(market, first, 92_857, charge=2)
    second = factories.charges(first.agreement)[1]
    assert (given_back(first), given_back(second)) == ([], [(92_857, 9_285)])
    assert factories.states(first.agreement) == ["accepted", "secured"]


@pytest.mark.parametrize("reason_code", ["mutual", "convenience", "law"])
def test_instalments_of_delivered_data_stay_due(market, reason_code):
    factories.on_day(2027, 1, 4)
    factories.pay_in(market, "buyer", 1_320_000)
    first = factories.accept(factories.plan(market, "instalment", PRICE, charges=12))
    factories.on_day(2027, 1, 6)
    end_early(market, first, 0, reason_code=reason_code)
    factories.on_day(2027, 12, 6)
    carry_out_deadlines()
    assert factories.states(first.agreement) == ["accepted"] * 12
    assert factories.available(market, "buyer") == 0


@pytest.mark.parametrize(
    ("reason_code", "delivered"), [("law", False), ("seller_breach", True), ("refunded", True)]
)
def test_instalments_end_where_nothing_was_delivered_or_by_a_fault(market, reason_code, delivered):
    factories.on_day(2027, 1, 4)
    factories.pay_in(market, "buyer", 1_320_000)
    first = factories.plan(market, "instalment", PRICE, charges=12)
    if delivered:
        factories.accept(first)
    end_early(market, first, 0, reason_code=reason_code)
    factories.on_day(2027, 12, 6)
    carry_out_deadlines()
    assert factories.states(first.agreement) == ["accepted" if delivered else "refunded"]


@pytest.mark.parametrize("reason_code", ["mutual", "payment_failed", "seller_breach"])
def test_metered_use_that_was_counted_is_paid_though_the_delivery_was_never_received(market, reason_code):
    factories.on_day(2027, 1, 4)
    factories.pay_in(market, "buyer", 22_000)
    first = factories.plan(market, "metered", 10_000, charges=3)
    factories.use(first, 2_000, factories.on_day(2027, 1, 10))
    factories.on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.on_day(2027, 2, 7, 0)
    assert factories.states(first.agreement) == ["secured", "secured"]
    end_early(market, first, 0, reason_code=reason_code)
    if reason_code == "seller_breach":
        # The price goes back.
        assert factories.states(first.agreement) == ["refunded", "refunded"]
        return
    assert factories.states(first.agreement) == ["accepted", "refunded"]
    assert (first.captured_price_minor, factories.available(market, "buyer")) == (2_000, 19_800)
    assert {name: rows for name, rows in verify_all().items() if rows and name.startswith("clearing.")} == {}
