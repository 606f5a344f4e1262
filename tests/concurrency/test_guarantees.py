"""Races for the room of a guarantee: whoever comes at the same time, it is used once."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from clearing.models import GuaranteedPart, Trade
from clearing.shortfalls.errors import DepositBacksLimit
from clearing.shortfalls.services.deposits import release_deposit
from clearing.trades.services.acceptance import accept_delivered
from clearing.trades.services.endings import return_undelivered
from clearing.trades.services.holds import locked_trade
from clearing.trades.services.trades import conclude_trade, secure_trade
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from tests.clearing import factories
from tests.clearing.guaranteeing import limit, part_of, register, used
from tests.participants.factories import actor_for

from .test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
def market(committed_database) -> factories.Market:
    return factories.market()


def test_of_two_trades_racing_for_one_room_one_is_secured(market):
    guarantees = [register(market, f"city{number}", 11_000) for number in range(5)]
    for number, guarantee in enumerate(guarantees):
        events = [factories.agreement(market, f"city{number}", "seller", 10_000) for _ in range(2)]
        trades = at_once(
            *(
                lambda event=event: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now())
                for event in events
            )
        )
        assert sorted(trade.state for trade in trades) == ["concluded", "secured"]
        assert used(guarantee) == 11_000
    assert (GuaranteedPart.objects.count(), Trade.objects.filter(state="secured").count()) == (5, 5)
    assert broken() == {}


def test_a_deposit_is_released_or_secures_a_trade_and_never_both(market):
    for number in range(4):
        name = f"city{number}"
        guarantee = limit(market, name, 50_000, 11_000)
        event = factories.agreement(market, name, "seller", 10_000)
        market.party(name), market.party("seller")
        trade, released = at_once(
            lambda event=event: conclude_trade(actor=SYSTEM, agreement=event, concluded_at=clock.now()),
            lambda name=name: release_deposit(
                actor=market.actor,
                organisation=market.party(name).public_id,
                amount_minor=11_000,
                reason="退会",
            ),
        )
        trade.refresh_from_db()
        # A released deposit is money that secures the trade too.
        assert trade.state == "secured" or isinstance(released, Exception) is False
        if isinstance(released, Exception):
            assert isinstance(released, DepositBacksLimit), released
            assert (factories.balance(market, name, "deposit"), used(guarantee)) == (11_000, 11_000)
        else:
            assert (factories.balance(market, name, "deposit"), used(guarantee)) == (0, 0)
    assert broken() == {}


def test_who_secures_a_trade_that_is_being_accepted_waits_for_it_before_its_guarantee(market):
    """Locks are taken in the order of trades, guarantees, balances; otherwise the two would wait for each other."""
    guarantee = register(market, "city", 11_000)
    trade = factories.conclude(market, "city", "seller", 10_000)
    factories.conclude(market, "city", "seller", 20_000)
    outcomes: list[object] = []

    def secure() -> None:
        try:
            actor = actor_for(market.party("city"))
            outcomes.append(
                secure_trade(actor=actor, trade=trade.public_id, guarantee=guarantee.public_id).state
            )
        except Exception as error:  # the test judges what was raised
            outcomes.append(error)
        finally:
            connection.close()

    late = threading.Thread(target=secure)
    with transaction.atomic():
        locked_trade(pk=trade.pk)
        late.start()
        time.sleep(1)
        assert late.is_alive()
        accept_delivered(actor=SYSTEM, agreement=trade.agreement, transaction_id=None)
    late.join()
    assert (outcomes, part_of(trade).is_billed, broken()) == (["secured"], True, {})


def test_what_is_billed_while_its_return_waits_is_not_returned(market):
    """Billing changes the part and not the trade: who waited for the trade's lock reads the part after it."""
    guarantee = register(market, "city", 11_000)
    trade = factories.conclude(market, "city", "seller", 10_000)
    returned: list[int] = []

    def give_back() -> None:
        try:
            returned.append(
                return_undelivered(
                    actor=SYSTEM,
                    agreement=trade.agreement,
                    reason_code="not_collected",
                    ended_on=clock.today(),
                )
            )
        finally:
            connection.close()

    late = threading.Thread(target=give_back)
    with transaction.atomic():
        accept_delivered(actor=SYSTEM, agreement=trade.agreement, transaction_id=None)
        late.start()
        time.sleep(1)
        assert late.is_alive()
    late.join()
    trade.refresh_from_db()
    assert (returned, trade.state, used(guarantee)) == ([0], "secured", 11_000)
    assert part_of(trade).is_billed
    assert broken() == {}
