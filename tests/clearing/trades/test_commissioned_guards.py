"""Commissioned work: paid by the day of the law, whole, and kept for its seller until a fault is recorded."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from clearing.handlers import on_delivery_ended
from clearing.models import Trade
from clearing.reports.metrics import DUE_BY_LAW
from clearing.trades.services.eligibility import make_correction
from clearing.trades.states import ObligationKind
from contracts.commissions import faults
from contracts.commissions.errors import ReducedWithoutFault
from contracts.models import Agreement
from marketplace.events.schemas.delivery import DeliveryEnded
from marketplace.kernel.invariants import REGISTER
from tests.contracts import factories as contracts
from tests.contracts.commissions.commissioned import commission, protected
from tests.roles import assert_refused, unguarded
from tests.standing import made_once

from .. import factories
from ..factories import on_day

CHECK = "clearing.commissioned_paid_in_time"


@made_once
def market():
    """A market in which it is the morning of Wednesday, 1 April 2026."""
    on_day(2026, 4, 1)
    return factories.market()


def received(market, **changes) -> Trade:
    factories.pay_in(market, "buyer", 11_000)
    return factories.matched(
        factories.conclude(market, "buyer", "seller", 10_000, commissioned=True, **changes)
    )


@pytest.mark.parametrize(("holiday_shift", "pay_by"), [(False, date(2026, 5, 29)), (True, date(2026, 6, 1))])
def test_received_on_1_april_it_is_paid_by_29_may_and_only_by_agreement_on_1_june(
    market, holiday_shift, pay_by
):
    assert received(market, holiday_shift=holiday_shift).pay_by == pay_by


def test_an_alarm_comes_before_the_day_and_the_invariant_after_it(market):
    trade = received(market)
    for day, alarms, breaches in ((26, 0, 0), (27, 1, 0), (29, 1, 0), (30, 1, 1)):
        on_day(2026, 5, day)
        assert (DUE_BY_LAW.read(), len(REGISTER[CHECK].check())) == (alarms, breaches)
    assert REGISTER[CHECK].check()[0]["trade"] == trade.public_id


def attacked(statement: str, because: str) -> None:
    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert_refused(attack, because=because)


def test_the_database_gives_no_later_day_and_no_smaller_price(market):
    trade = received(market)
    attacked(
        f"UPDATE clearing_trade SET pay_by = '2026-06-01' WHERE id = {trade.pk}",
        "cannot be changed|set once|60 days",
    )
    with unguarded("clearing_trade"):
        Trade.objects.filter(pk=trade.pk).update(pay_by=date(2026, 6, 1))
    assert [row["fault"] for row in REGISTER[CHECK].check()] == ["the law gives 2026-05-29"]
    with unguarded("clearing_trade"):
        Trade.objects.filter(pk=trade.pk).update(pay_by=None, received_at=None)
    attacked(
        "UPDATE clearing_trade SET received_at = public.business_now(), pay_by = '2026-06-01' WHERE id = " + str(trade.pk),
        "within 60 days, of which the day of receipt is the first",
    )  # fmt: skip


@pytest.fixture
def signed(market):
    """Commissioned work that was signed, paid in and received, and its trade."""
    trade = received(market)
    made = protected(contracts.market(operator=market.operator))
    agreement = contracts.agreement(made, commission=commission(deliver_by="2026-06-30"))
    with unguarded("clearing_trade"):
        Trade.objects.filter(pk=trade.pk).update(agreement=agreement.public_id)
    return made, agreement, Trade.objects.get(pk=trade.pk)


def test_what_was_received_is_paid_although_access_ended(market, signed):
    _, agreement, trade = signed
    event = DeliveryEnded(
        entitlement="ent_1", agreement=agreement.public_id, buyer="org_b", seller="org_s", reason_code="terminated"
    )  # fmt: skip
    on_delivery_ended(event, factories.envelope(event))
    trade.refresh_from_db()
    assert (trade.state, trade.captured_price_minor) == ("accepted", 10_000)


def test_the_hold_goes_back_only_for_a_fault(market, signed):
    made, agreement, trade = signed
    attacked(
        f"UPDATE clearing_trade SET state = 'refunded', ended_at = public.business_now() WHERE id = {trade.pk}",
        "once a fault of its seller is recorded",
    )
    reduced = {
        "trade": trade,
        "kind": ObligationKind.ADJUSTMENT,
        "debtor_id": trade.seller_id,
        "creditor_id": trade.buyer_id,
        "amount_minor": 100,
    }
    with pytest.raises(ReducedWithoutFault):
        make_correction(**reduced, source="cor_1")
    faults.admit_fault(
        actor=made.seller, agreement=agreement.public_id, ground="incomplete", statement="欠測"
    )
    assert make_correction(**reduced, source="cor_1").amount_minor == 100
    assert Agreement.objects.get(pk=agreement.pk).seller_faults.count() == 1
