"""Races for idle money: it goes back, or a purchase has it, never both."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from clearing.models import SegregationCheck, SettlementInstruction, Trade
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.safeguarding.services.segregation import check_client_money
from clearing.trades.services.trades import conclude_trade
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from tests.clearing import factories

from .test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market in which 11,000 each of three buyers lie idle."""
    made = factories.market()
    for name in ("a", "b", "c"):
        factories.pay_in(made, name, 11_000)
    clock.move_to(clock.now() + timedelta(days=5), running=False)
    return made


def test_a_purchase_and_a_return_never_both_have_the_money(market):
    events = [factories.agreement(market, name, "seller", 10_000) for name in ("a", "b", "c")]
    buys = [
        lambda event=event: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()).pk
        for event in events
    ]
    outcomes = at_once(return_idle_money, *buys, return_idle_money)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    for name in ("a", "b", "c"):
        (trade,) = Trade.objects.filter(buyer=market.party(name))
        returned = SettlementInstruction.objects.filter(organisation=market.party(name)).count()
        assert (trade.state, returned) in {("secured", 0), ("concluded", 1)}
        held, receivable = (factories.balance(market, name, kind) for kind in ("held", "receivable"))
        assert (held + receivable, factories.available(market, name)) == (11_000, 0)
    assert broken() == {}


def test_two_sweeps_return_it_once(market):
    outcomes = at_once(*[return_idle_money] * 3)
    assert sum(outcomes) == 3
    rows = SettlementInstruction.objects.order_by("sequence")
    assert [(row.sequence, row.amount_minor) for row in rows] == [(1, 11_000), (2, 11_000), (3, 11_000)]
    assert broken() == {}


def test_two_sweeps_check_a_day_once(market):
    clock.move_to(datetime(2027, 2, 5, 9, tzinfo=clock.market_zone()), running=False)
    assert sorted(at_once(*[check_client_money] * 3)) == [0, 0, 1]
    assert SegregationCheck.objects.count() == 1
    assert broken() == {}
