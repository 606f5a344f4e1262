"""Disputes over what was accepted before, and disputes that hold nothing."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from clearing import handlers
from clearing.models import Obligation, Trade
from clearing.trades.services.orders import _at_stake
from contracts.models import Agreement, Dispute
from marketplace.events.schemas.contracts import DisputeOpened
from marketplace.kernel import clock

from .. import factories
from ..factories import on_day, states
from .test_charges import carry_out_deadlines, clean
from .test_charges import market as market

pytestmark = pytest.mark.django_db


def opened_by(trade, opened_as: str) -> None:
    event = DisputeOpened(
        dispute="dsp_1", agreement=trade.agreement, buyer="org_b", seller="org_s", reason_code="other",
        opened_as=opened_as,
    )  # fmt: skip
    handlers.on_dispute_opened(event, factories.envelope(event))
    trade.refresh_from_db()


@pytest.mark.parametrize("opened_as", ["seller", "third_party"])
def test_the_dispute_of_another_holds_nothing(market, opened_as):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    opened_by(trade, opened_as)
    assert trade.state == "secured"
    assert factories.resolve(trade, "termination", opened_as=opened_as).state == "secured"
    assert factories.accept(trade).state == "accepted"


def test_a_refund_after_acceptance_returns_what_was_accepted_with_its_tax(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.accept(trade)
    factories.complain(trade)
    assert trade.state == "accepted"
    factories.resolve(trade, "refund", after_acceptance=True)
    refunds = Obligation.objects.filter(kind="refund", trade=trade)
    assert list(refunds.values_list("amount_minor", "tax_minor")) == [(10_000, 1_000)]
    factories.resolve(trade, "refund", after_acceptance=True)
    assert refunds.count() == 1
    assert clean()


def test_instalments_that_a_dispute_held_are_accepted_when_it_is_dismissed(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "instalment", 1_000, charges=2, funding_days=9)
    factories.accept(first)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.complain(first)
    factories.pay_in(market, "buyer", 1_100)
    held = states(first.agreement)
    factories.resolve(first, "dismissed", after_acceptance=True)
    assert (held[0], set(states(first.agreement))) == ("accepted", {"accepted"})
    assert clean()


def test_two_people_are_asked_by_all_that_a_refund_returns(market):
    """After acceptance a refund returns every charge that was accepted, not the price of one."""
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "instalment", 1_000, charges=2, funding_days=9)
    factories.accept(first)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.pay_in(market, "buyer", 1_100)
    carry_out_deadlines()
    agreement = Agreement(public_id=first.agreement, price_minor=1)
    paid = Trade.objects.filter(agreement=first.agreement, state="accepted").aggregate(
        all=Sum("gross_minor")
    )["all"]
    accepted = Dispute(accepted_at=clock.now())
    assert paid > first.gross_minor
    assert _at_stake(agreement, accepted, "refund") == paid
    assert (_at_stake(agreement, accepted, "reduction"), _at_stake(agreement, Dispute(), "refund")) == (1, 1)
