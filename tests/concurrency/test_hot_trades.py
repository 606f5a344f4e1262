"""Races of everything that can befall one trade, and of all that uses one buyer's money: nothing is held or lost twice."""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from clearing.bank.queries import pay_in_reference
from clearing.models import Guarantee, Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.shortfalls.services.deposits import pay_deposit, release_deposit
from clearing.trades.services.corrections import refund_trade
from clearing.trades.services.endings import fail_trade, return_undelivered
from clearing.trades.services.holds import lock_waiting_trades
from clearing.trades.services.trades import conclude_trade, secure_trade
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import DomainError
from tests.clearing import factories
from tests.clearing.guaranteeing import limit, register
from tests.participants.factories import actor_for

from .test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
def market(committed_database) -> factories.Market:
    return factories.market()


def wait_until_somebody_waits_for_me() -> None:
    """Until another transaction waits for what this one has locked; at most 30 s."""
    until = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for this transaction")


def unexpected(results: list[Any]) -> list[str]:
    return [
        f"{type(result).__name__}: {result}"
        for result in results
        if isinstance(result, Exception) and not isinstance(result, DomainError)
    ]


@pytest.mark.parametrize("guaranteed", [False, True])
def test_whatever_befalls_a_buyers_trades_at_once_its_money_is_there_once(market, guaranteed):
    chance = random.Random(7)
    hot = market.party("hot")
    faults: list[str] = []
    guarantee = None
    if guaranteed:
        guarantee = register(market, "hot", 30_000)
        limit(market, "hot", 20_000, 15_000)
    for _ in range(12):
        trades = [factories.conclude(market, "hot", "seller", 10_000) for _ in range(4)]
        reference = pay_in_reference(organisation=hot.public_id)
        factories.pay_in(market, "hot", 25_000)
        event = factories.agreement(market, "hot", "seller", 10_000)
        calls = [
            partial(factories.import_only, market, [factories.booking("credit", 11_000, reference)]),
            lambda event=event: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()).state,
            carry_out_deadlines,
            partial(pay_deposit, actor=actor_for(hot), amount_minor=3_000, currency="JPY"),
            partial(
                release_deposit,
                actor=market.actor,
                organisation=hot.public_id,
                amount_minor=2_000,
                reason="r",
            ),
        ]
        one, other = trades[0], trades[1]
        for trade in (one, other):
            own = [
                lambda trade=trade: factories.complain(Trade.objects.get(pk=trade.pk)).state,
                lambda trade=trade: factories.accept(Trade.objects.get(pk=trade.pk)).state,
                lambda trade=trade: factories.adjust(market, trade, "seller", "hot", 6_000),
                lambda trade=trade: factories.resolve(Trade.objects.get(pk=trade.pk), "refund").state,
                partial(
                    return_undelivered,
                    actor=SYSTEM,
                    agreement=trade.agreement,
                    reason_code="not_collected",
                    ended_on=clock.today(),
                ),
                partial(
                    refund_trade, actor=market.actor, trade=trade.public_id, amount_minor=6_000, reason="r"
                ),
                partial(fail_trade, actor=SYSTEM, trade=trade.public_id),
            ]
            if guarantee is not None:
                own.append(
                    partial(
                        secure_trade,
                        actor=actor_for(hot),
                        trade=trade.public_id,
                        guarantee=guarantee.public_id,
                    )
                )
            calls += own
        chance.shuffle(calls)
        faults += unexpected(at_once(*calls))
        assert broken() == {}
    assert faults == []


def test_a_trade_that_somebody_else_locked_meanwhile_is_left_to_them(market):
    """Who holds a buyer's guarantees and secures its trades again does not wait for one who waits for the guarantees."""
    guarantee = register(market, "hot", 30_000)
    late = factories.conclude(market, "hot", "seller", 100_000)
    early = factories.conclude(market, "hot", "seller", 10_000)
    assert (late.state, early.state) == ("concluded", "secured")
    buyer = market.party("hot").pk
    is_locked = threading.Event()

    def lock_all() -> int:
        is_locked.wait()
        with transaction.atomic():
            return len(lock_waiting_trades([buyer], "JPY"))

    def lock_again() -> list[str]:
        with transaction.atomic():
            Guarantee.objects.select_for_update(no_key=True).get(pk=guarantee.pk)
            is_locked.set()
            wait_until_somebody_waits_for_me()
            return [trade.public_id for trade in lock_waiting_trades([buyer], "JPY", again=True)]

    assert at_once(lock_all, lock_again) == [1, []]
