"""Finds trades of made-to-order data whose seller was not paid within the legal term."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from marketplace.kernel import clock

from ..cycles.states import FINAL_STATES, CycleState
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState
from ..trades.models import Obligation, Trade
from ..trades.states import ObligationKind, TradeState


def payments_late_by_law() -> QuerySet[Trade]:
    """Made-to-order trades whose last payment day has passed without payment of the seller, earliest day first.

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
    late = Trade.objects.filter(commissioned=True, pay_by__lt=clock.today()).exclude(
        state__in=(TradeState.FAILED, TradeState.REFUNDED)
    )
    return late.filter(~Exists(paid)).order_by(F("pay_by").asc(), "pk")
