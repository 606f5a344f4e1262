"""Accepts data made to order in time for its last payment day, even while a dispute is open (取適法, article 3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.calendars import last_payment_day
from marketplace.kernel.clock import business_date

from ...ground.parameters import commissioned_payment_days
from ..models import Trade
from ..queries import commissioned_trades_due
from ..states import TradeState
from .acceptance import accept_locked_trade
from .charge_plans import locked_progress
from .holds import locked_trade, locked_trades, record_trade

COMMISSIONED = Loop("clearing.accept_commissioned")


@transaction.atomic
def record_receipt(*, actor: Actor, agreement: str, received_at: datetime) -> int:
    """Record the receipt of data made to order, which sets the last payment day; returns the number of trades.

    The day of receipt is day 1, inspected or not. The first receipt counts, also if the data is delivered again. Does nothing for data that was not made to order.
    """
    if not Trade.objects.filter(agreement=agreement, commissioned=True, received_at=None).exists():
        return 0
    locked_progress(agreement)
    recorded = 0
    for trade in locked_trades(agreement):
        if trade.commissioned and trade.received_at is None:
            pay_by = last_payment_day(
                business_date(received_at), commissioned_payment_days(), holiday_shift=trade.holiday_shift
            )
            Trade.objects.filter(pk=trade.pk).update(received_at=received_at, pay_by=pay_by)
            record_trade(
                "received", trade, actor, received_at=received_at.isoformat(), pay_by=pay_by.isoformat()
            )
            recorded += 1
    return recorded


def accept_commissioned(*, actor: Actor = SYSTEM, limit: int) -> int:
    """Accept by law what must be cleared now to be paid in time, at most ``limit``; returns how many.

    An open dispute does not prevent it; the dispute can then only lead to a correction.
    """
    due = commissioned_trades_due(limit=limit + len(COMMISSIONED.standing_aside()))
    return COMMISSIONED.each(due, lambda trade: _accept_by_law(actor, trade))


@transaction.atomic
def _accept_by_law(actor: Actor, public_id: str) -> bool:
    agreement = Trade.objects.values_list("agreement", flat=True).get(public_id=public_id)
    locked_progress(agreement)
    trade = locked_trade(public_id=public_id)
    if trade.state not in (TradeState.SECURED, TradeState.DISPUTED):
        return False
    accept_locked_trade(trade, actor=actor, command="accept_by_law", evidence_kind="accepted_by_law")
    return True
