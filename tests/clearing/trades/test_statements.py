"""The money of a trade takes few statements, in a transaction for each step.

Counted is every statement that is sent to the server between BEGIN and COMMIT, savepoints included, in libpq's own trace
of the connection, so that no way of sending one is missed. The clock is that of a market on real time, as in production,
which is not read from the database; the rulebook was compiled before, as after the first trade of a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bench._statements import statements_sent, within_transactions
from clearing.models import Trade
from clearing.trades.services.acceptance import accept_delivered
from clearing.trades.services.disputes import dispute_trade, resolve_trade
from clearing.trades.services.trades import conclude_trade
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from tests.clearing import factories
from tests.clearing.guaranteeing import register

STATEMENTS_A_TRADE_MAX = 20
FUNDS_MINOR = 1_000_000


@pytest.fixture
def market(committed_database, settings) -> Iterator[factories.Market]:
    """A market on real time, whose buyer has money and has traded before."""
    settings.CLOCK_MOVABLE = False
    made = factories.market()
    factories.pay_in(made, "buyer", FUNDS_MINOR)
    first = factories.conclude(made, "buyer", "seller", 1_000)
    accept_delivered(actor=SYSTEM, agreement=first.agreement, transaction_id=None)
    yield made
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def counted(*steps: Callable[[], object]) -> list[int]:
    """Statements of each step, which is one transaction without savepoints."""
    counts = []
    for step in steps:
        with statements_sent() as sent:
            step()
        verbs = [statement.split()[0].upper() for statement in sent]
        assert (verbs[0], verbs[-1]) == ("BEGIN", "COMMIT")
        assert {verb for verb in verbs[1:-1] if verb in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")} == set()
        counts.append(len(within_transactions(sent)))
    return counts


def test_holding_and_capturing_takes_at_most_twenty_statements(market):
    event = factories.agreement(market, "buyer", "seller", 1_000)
    counts = counted(
        lambda: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()),
        lambda: accept_delivered(actor=SYSTEM, agreement=event.agreement, transaction_id=None),
    )
    assert Trade.objects.get(agreement=event.agreement).state == "accepted"
    assert counts == [8, 8]
    assert sum(counts) <= STATEMENTS_A_TRADE_MAX


def test_holding_and_returning_takes_at_most_twenty_statements(market):
    event = factories.agreement(market, "buyer", "seller", 1_000)
    dispute = {"agreement": event.agreement, "dispute": "dsp_1"}
    counts = counted(
        lambda: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()),
        lambda: dispute_trade(actor=SYSTEM, **dispute),
        lambda: resolve_trade(actor=SYSTEM, **dispute, refund=True),
    )
    assert Trade.objects.get(agreement=event.agreement).state == "refunded"
    assert counts == [8, 3, 8]
    assert sum(counts) <= STATEMENTS_A_TRADE_MAX
    assert factories.balance(market, "buyer", "held") == 0


def test_a_guarantee_of_the_buyer_takes_three_statements_more(market):
    """Its guarantees are locked and what is kept for its bills is read before its money; its trade's part after the lock."""
    register(market, "buyer", 1_000)
    event = factories.agreement(market, "buyer", "seller", 1_000)
    counts = counted(
        lambda: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()),
        lambda: accept_delivered(actor=SYSTEM, agreement=event.agreement, transaction_id=None),
    )
    assert Trade.objects.get(agreement=event.agreement).state == "accepted"
    assert counts == [10, 9]


def test_a_hold_that_the_money_does_not_cover_rolls_nothing_back(market):
    event = factories.agreement(market, "buyer", "seller", FUNDS_MINOR)
    counts = counted(lambda: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()))
    assert Trade.objects.get(agreement=event.agreement).state == "concluded"
    assert counts == [7]
    assert factories.balance(market, "buyer", "held") == 0
