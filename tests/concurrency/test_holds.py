"""Races for money: whoever comes at the same time, what is there is spent once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from clearing.bank.queries import pay_in_reference
from clearing.ledger.accounts import accounts_of
from clearing.ledger.errors import InsufficientFunds
from clearing.ledger.journal import Draft, Line, post
from clearing.models import BankEntry, BankStatement, Cycle, Entry, Obligation, Trade
from clearing.run.services.cycles import advance_cycle, close_cycle
from clearing.run.services.sweeping import secure_funded_trades
from clearing.trades.services.acceptance import accept_delivered
from clearing.trades.services.trades import conclude_trade
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from tests.clearing import factories
from tests.clearing.raw import uncaused

pytestmark = pytest.mark.usefixtures("committed_database")


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads of their own, each with a connection of its own; results, or what was raised, in order."""
    outcomes: list[Any] = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            # Connected before all begin: who connects late comes after the others, not beside them.
            connection.ensure_connection()
            ready.wait()
            outcomes[index] = call()
        except Exception as error:  # the test judges what was raised
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def broken() -> dict[str, object]:
    return {name: breaches for name, breaches in verify_all("clearing").items() if breaches}


@pytest.fixture
def market(committed_database) -> factories.Market:
    return factories.market()


def test_of_two_trades_racing_for_one_balance_one_is_secured(market):
    for _ in range(5):
        factories.pay_in(market, "buyer", 11_000 - factories.available(market, "buyer"))
        events = [factories.agreement(market, "buyer", "seller", 10_000) for _ in range(2)]
        trades = at_once(
            *(
                lambda event=event: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now())
                for event in events
            )
        )
        assert sorted(trade.state for trade in trades) == ["concluded", "secured"]
        assert factories.available(market, "buyer") == 0
        waiting = next(trade for trade in trades if trade.state == "concluded")
        factories.pay_in(market, "buyer", 11_000)
        assert Trade.objects.get(pk=waiting.pk).state == "secured"
    assert factories.balance(market, "buyer", "held") == 10 * 11_000
    assert broken() == {}


def test_the_database_refuses_the_second_spender(market):
    factories.pay_in(market, "buyer", 100)
    uncaused()
    own = accounts_of(market.party("buyer").pk, "JPY")

    def spend(name: str) -> None:
        line = Line("payment", own["available"], own["payable"], 100)
        with transaction.atomic():
            post([Draft("capture", name, [line])], currency="JPY", purpose=name)
            time.sleep(0.1)

    outcomes = at_once(lambda: spend("one"), lambda: spend("two"))
    assert {type(outcome) for outcome in outcomes} == {InsufficientFunds, type(None)}
    assert Entry.objects.filter(kind="capture").count() == 1
    assert (factories.available(market, "buyer"), factories.balance(market, "buyer", "payable")) == (0, 100)


def test_acceptances_racing_the_cut_off_are_each_in_one_cycle(market):
    trades = [factories.conclude(market, "buyer", "seller", 1_000 + number) for number in range(8)]
    factories.pay_in(market, "buyer", sum(trade.gross_minor for trade in trades))
    calls = [
        lambda trade=trade: accept_delivered(actor=SYSTEM, agreement=trade.agreement, transaction_id=None)
        for trade in trades
    ]
    calls.insert(4, lambda: close_cycle(actor=market.actor, currency="JPY"))
    outcomes = at_once(*calls)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert Obligation.objects.filter(kind="purchase").count() == 8
    cycle = factories.advance_to(outcomes[4], "posted")
    assert cycle.trades == Obligation.objects.filter(kind="purchase", cycle=cycle).count()
    assert broken() == {}


def test_two_workers_take_a_step_once(market):
    factories.accepted(market, "buyer", "seller", 1_000)
    cycle = factories.clear(market, "validated")
    for state in ("netted", "posted"):
        outcomes = at_once(*[partial(advance_cycle, cycle=cycle.public_id)] * 3)
        reached = [outcome for outcome in outcomes if outcome is not None]
        assert reached[0] == state
        assert len(set(reached)) == len(reached)
        cycle = Cycle.objects.get(pk=cycle.pk)
        if cycle.state == "posted":
            break
    factories.advance_to(cycle, "settling")
    assert Entry.objects.filter(kind="cycle").count() == 2
    assert broken() == {}


def test_one_statement_imported_twice_at_once_is_booked_once(market):
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    content = factories.statement([factories.booking("credit", 5_000, reference)])
    outcomes = at_once(*[lambda: factories.carry_in(market.actor, market.second, content).pk] * 3)
    assert len(set(outcomes)) == 1
    assert (BankStatement.objects.count(), BankEntry.objects.count()) == (1, 1)
    assert factories.available(market, "buyer") == 5_000


def test_payments_and_posting_do_not_wait_for_each_other_for_ever(market):
    for name in ("a", "b", "c"):
        factories.accepted(market, name, "seller", 1_000)
        factories.accepted(market, "seller", name, 500)
    cycle = factories.clear(market, "netted")
    rows = [
        factories.booking("credit", 50, pay_in_reference(organisation=market.party(name).public_id))
        for name in ("c", "b", "a", "seller")
    ]
    event = factories.agreement(market, "a", "b", 40)
    outcomes = at_once(
        lambda: advance_cycle(cycle=cycle.public_id),
        lambda: factories.receive(market, rows).added,
        lambda: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()).reference,
        secure_funded_trades,
    )
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert outcomes[:2] == ["posted", 4]
    secure_funded_trades()
    assert Trade.objects.get(agreement=event.agreement).state == "secured"
    assert broken() == {}
