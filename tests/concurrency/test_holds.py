"""Two trades for one balance: exactly one wins, whoever comes first, however they interleave."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from clearing.models import Posting, Trade
from marketplace.events.services import deliver_due
from marketplace.kernel.invariants import verify_all
from tests.clearing import factories

ROUNDS = 6
SECONDS_MAX = 60


@pytest.fixture
def market(committed_database):
    """A market in a database that really commits."""
    return factories.market()


def together(*work) -> list[BaseException]:
    """Run callables at the same moment, each in a thread and connection of its own; returns what they raised."""
    barrier, raised = threading.Barrier(len(work)), []

    def run(call) -> None:
        try:
            barrier.wait(SECONDS_MAX)
            call()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS_MAX)
    return raised


def states(trades) -> list[str]:
    return sorted(Trade.objects.filter(pk__in=[trade.pk for trade in trades]).values_list("state", flat=True))


def broken() -> dict:
    return {name: breaches for name, breaches in verify_all("clearing").items() if breaches}


def test_two_agreements_for_one_balance_secure_exactly_one(market):
    for number in range(ROUNDS):
        buyer = f"buyer {number}"
        factories.pay_in(market, buyer, 11_000)
        events = [factories.agreement(market, buyer, "seller", 10_000) for _ in range(2)]
        assert together(*(lambda event=event: conclude(event) for event in events)) == []
        trades = Trade.objects.filter(agreement__in=[event.agreement for event in events])
        assert states(trades) == ["concluded", "secured"]
        assert (factories.balance(market, buyer, "available"), factories.balance(market, buyer, "held")) == (
            0,
            11_000,
        )
    assert broken() == {}


def conclude(event) -> None:
    factories.handlers.on_agreement_concluded(event, factories.envelope(event))


def test_two_payments_at_once_secure_each_trade_once(market):
    trades = [factories.conclude(market, "buyer", "seller", 10_000) for _ in range(3)]
    raised = together(*(lambda: factories.pay_in(market, "buyer", 11_000) for _ in range(3)))
    assert raised == []
    assert states(trades) == ["secured"] * 3
    assert Posting.objects.filter(line="hold").count() == 6
    assert factories.balance(market, "buyer", "available") == 0
    assert broken() == {}


def test_acceptance_and_complaint_at_once_leave_one_of_them(market):
    factories.pay_in(market, "buyer", 11_000 * ROUNDS)
    for _ in range(ROUNDS):
        trade = factories.conclude(market, "buyer", "seller", 10_000)
        together(lambda trade=trade: factories.accept(trade), lambda trade=trade: factories.complain(trade))
        trade.refresh_from_db()
        assert trade.state in {"accepted", "disputed"}
    assert broken() == {}


def test_an_acceptance_while_the_cycle_closes_is_in_exactly_one_cycle(market, settings):
    settings.EVENT_SUBSCRIPTIONS = {}  # nobody else reacts: what closing waits for is the relay alone
    factories.pay_in(market, "buyer", 11_000 * ROUNDS)
    trades = [factories.conclude(market, "buyer", "seller", 10_000) for _ in range(ROUNDS)]
    closing = market.cycle
    work = [lambda trade=trade: factories.accept(trade) for trade in trades]
    close = lambda: factories.services.close_cycle(actor=market.actor, currency="JPY")  # noqa: E731
    assert together(*work, close) == []
    deliver_due()
    factories.advance_to(closing.__class__.objects.get(pk=closing.pk), "settling")
    assert states(trades) == ["accepted"] * ROUNDS
    following = market.cycle
    assert closing.pk != following.pk
    assert broken() == {}
