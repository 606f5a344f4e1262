"""Finds trades of made-to-order data whose seller was not paid within the legal term."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.calendars import BusinessCalendar

from ..cycles.states import FINAL_STATES, CycleState
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState
from ..trades.models import Obligation, Trade
from ..trades.states import ObligationKind, TradeState

ALARM_BUSINESS_DAYS: Final = 2
"""So many business days before its last day an unpaid trade is an alarm; acceptance by law came days before."""


def payments_late_by_law() -> QuerySet[Trade]:
    """Made-to-order trades whose last payment day has passed without payment of the seller, earliest day first."""
    return unpaid_by_law(clock.today() - timedelta(days=1))


def payments_due_by_law() -> QuerySet[Trade]:
    """Made-to-order trades whose seller is not paid and whose last payment day comes within ``ALARM_BUSINESS_DAYS``, or has passed."""
    return unpaid_by_law(BusinessCalendar().add_business_days(clock.today(), ALARM_BUSINESS_DAYS))


def unpaid_by_law(last_day: date) -> QuerySet[Trade]:
    """Made-to-order trades with a last payment day up to ``last_day`` whose seller is not paid, earliest day first.

    The seller is paid when its cycle is settled: every payment of it is confirmed. In a cycle settled in part, when the
    seller's own payment is confirmed or there was none to make.
    """
    own_payment = SettlementInstruction.objects.filter(
        cycle=OuterRef("cycle"), organisation=OuterRef("creditor")
    )
    confirmed = own_payment.filter(state=InstructionState.CONFIRMED)
    paid = Obligation.objects.filter(trade=OuterRef("pk"), kind=ObligationKind.PURCHASE).filter(
        Q(cycle__state=CycleState.SETTLED)
        | Q(cycle__state__in=(CycleState.SETTLING, *FINAL_STATES)) & Exists(confirmed)
        | Q(cycle__state__in=FINAL_STATES) & ~Exists(own_payment)
    )
    late = Trade.objects.filter(commissioned=True, pay_by__lte=last_day).exclude(
        state__in=(TradeState.FAILED, TradeState.REFUNDED)
    )
    return late.filter(~Exists(paid)).order_by(F("pay_by").asc(), "pk")
