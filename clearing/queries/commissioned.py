"""Reading what was made to order and must be paid for by a day."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.calendars import BusinessCalendar

from ..models import Obligation, SettlementInstruction, Trade
from ..parameters import commissioned_lead_business_days
from ..states import FINAL_STATES, CycleState, InstructionState, ObligationKind, TradeState


def to_pay_now(*, limit: int) -> list[str]:
    """Trades whose last moment has come to be cleared and paid by their day, the earliest day first.

    That is ``commissioned_lead_business_days`` business days before it.
    """
    last_day = BusinessCalendar().after(clock.today(), commissioned_lead_business_days())
    # Days without business after it need the same lead: they are paid on the business day before.
    last_day = BusinessCalendar().following(last_day + timedelta(days=1)) - timedelta(days=1)
    due = Trade.objects.filter(
        state__in=(TradeState.SECURED, TradeState.DISPUTED), commissioned=True, pay_by__lte=last_day
    )
    return list(due.order_by("pay_by", "pk").values_list("public_id", flat=True)[:limit])


def payments_late_by_law() -> QuerySet[Trade]:
    """Trades made to order whose day has passed without the seller being paid, the latest first to have been due.

    The seller is paid when its cycle is settled: every payment of it confirmed. Where a cycle is settled in part
    only, that is when the seller's own payment of it is confirmed, or there was none to make.
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
