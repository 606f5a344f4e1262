"""Races of second persons: however many countersign at once, the command is carried out once."""

from __future__ import annotations

import pytest

from clearing.models import MoneyCommand, TransferFile
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.trades.services.corrections import refund_trade
from marketplace.approvals.errors import SecondPersonNeeded
from tests.clearing import factories
from tests.participants.factories import actor_for

from .test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
def market(committed_database) -> factories.Market:
    return factories.market()


def test_two_second_persons_at_once_carry_it_out_once(market):
    factories.accepted(market, "buyer", "seller", 2_000_000)
    cycle = factories.clear(market)
    with pytest.raises(SecondPersonNeeded):
        create_transfer_file(actor=actor_for(market.operator, "usr_a"), cycle=cycle.public_id)
    outcomes = at_once(
        *[
            lambda name=name: (
                create_transfer_file(actor=actor_for(market.operator, name), cycle=cycle.public_id).pk
            )
            for name in ("usr_b", "usr_c", "usr_d")
        ]
    )
    assert len(set(outcomes)) == 1
    assert TransferFile.objects.count() == 1
    assert [row.state for row in factories.approvals()] == ["approved"]
    assert broken() == {}


def test_two_first_persons_at_once_leave_one_request(market):
    factories.accepted(market, "buyer", "seller", 2_000_000)
    cycle = factories.clear(market)
    asking = actor_for(market.operator, "usr_a")
    outcomes = at_once(*[lambda: create_transfer_file(actor=asking, cycle=cycle.public_id)] * 3)
    assert {type(outcome) for outcome in outcomes} == {SecondPersonNeeded}
    (pending,) = factories.approvals()
    assert {outcome.fields["approval"] for outcome in outcomes} == {pending.public_id}
    assert TransferFile.objects.count() == 0
    assert broken() == {}


def test_amounts_that_one_person_gives_at_once_are_added_up(market):
    trades = [factories.accepted(market, "buyer", "seller", 2_000_000) for _ in range(3)]
    outcomes = at_once(
        *[
            lambda trade=trade: (
                refund_trade(
                    actor=market.actor, trade=trade.public_id, amount_minor=600_000, reason="a part"
                ).amount_minor
            )
            for trade in trades
        ]
    )
    assert sorted(str(type(outcome).__name__) for outcome in outcomes) == [
        "SecondPersonNeeded",
        "SecondPersonNeeded",
        "int",
    ]
    assert [row.amount_minor for row in MoneyCommand.objects.all()] == [600_000]
    assert broken() == {}
