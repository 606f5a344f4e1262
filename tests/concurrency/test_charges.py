"""Races for charges: sweeps, payments, acceptances, complaints and use that come at the same time."""

from __future__ import annotations

import pytest

from clearing.models import Trade, UsageRecord
from clearing.trades.services.acceptance import accept_delivered, accept_ended_periods
from clearing.trades.services.charges import begin_due_charges
from clearing.trades.services.disputes import dispute_trade
from marketplace.kernel import clock
from tests.clearing import factories

from .test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
def market(committed_database) -> factories.Market:
    factories.on_day(2027, 1, 4)
    return factories.market()


def accept(trade: Trade) -> None:
    accept_delivered(actor=factories.system(), agreement=trade.agreement, transaction_id=None)


def test_two_sweeps_begin_each_charge_once(market):
    factories.pay_in(market, "buyer", 6 * 1_100)
    first = factories.plan(market, "subscription", 1_000, charges=6)
    accept(first)
    factories.on_day(2027, 9, 1)
    begun = at_once(*[lambda: begin_due_charges(limit=20)] * 3)
    assert sum(begun) == 5
    assert [trade.charge for trade in factories.charges(first.agreement)] == [1, 2, 3, 4, 5, 6]
    accepted = at_once(*[lambda: accept_ended_periods(limit=20)] * 3)
    assert sum(accepted) == 6
    assert broken() == {}


def test_an_instalment_that_is_paid_while_the_delivery_is_accepted_is_owed(market):
    for month in (1, 3, 5):
        factories.on_day(2027, month, 4)
        factories.pay_in(market, "buyer", 550)
        first = factories.plan(market, "instalment", 1_000, charges=2)
        factories.on_day(2027, month + 1, 4)
        begin_due_charges(limit=9)
        assert factories.states(first.agreement) == ["secured", "concluded"]
        outcomes = at_once(lambda first=first: accept(first), lambda: factories.pay_in(market, "buyer", 550))
        assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
        assert factories.states(first.agreement) == ["accepted", "accepted"]
    assert broken() == {}


def test_a_charge_that_is_paid_while_the_buyer_complains_is_held(market):
    for month in (1, 3, 5):
        factories.on_day(2027, month, 4)
        factories.pay_in(market, "buyer", 1_100)
        first = factories.plan(market, "subscription", 1_000, charges=2)
        factories.on_day(2027, month + 1, 4)
        begin_due_charges(limit=9)
        outcomes = at_once(
            lambda first=first: dispute_trade(
                actor=factories.system(), agreement=first.agreement, dispute=f"dsp_{first.pk}"
            ),
            lambda: factories.pay_in(market, "buyer", 1_100),
        )
        assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
        assert factories.states(first.agreement) == ["disputed", "disputed"]
    assert broken() == {}


def test_use_that_is_told_at_once_keeps_within_the_ceiling(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "metered", 1_000, charges=1)
    at_once(*[lambda: factories.use(first, 300, clock.now())] * 5)
    charged = sorted(UsageRecord.objects.values_list("charged_minor", flat=True))
    assert charged == [0, 100, 300, 300, 300]
    assert broken() == {}
