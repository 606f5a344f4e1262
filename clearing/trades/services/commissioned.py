"""Data made to order is paid for in time, whatever a cycle or a complaint says (取適法, article 3)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.clock import business_date
from marketplace.kernel.errors import DomainError

from ...ground.parameters import commissioned_payment_days
from ..models import Trade
from ..queries import to_pay_now
from ..states import TradeState
from .acceptance import release
from .charge_plans import locked_progress
from .holds import evidence, locked_trade, locked_trades

logger = logging.getLogger(__name__)


@transaction.atomic
def record_receipt(*, actor: Actor, agreement: str, received_at: datetime) -> int:
    """Data made to order was received: from that day its payment has a last day. Returns of how many trades.

    The first receipt counts, also where the data is delivered again. Harmless on what was not made to order.
    """
    if not Trade.objects.filter(agreement=agreement, commissioned=True, received_at=None).exists():
        return 0
    locked_progress(agreement)
    noted = 0
    pay_by = business_date(received_at) + timedelta(days=commissioned_payment_days())
    for trade in locked_trades(agreement):
        if trade.commissioned and trade.received_at is None:
            Trade.objects.filter(pk=trade.pk).update(received_at=received_at, pay_by=pay_by)
            evidence("received", trade, actor, received_at=received_at.isoformat(), pay_by=pay_by.isoformat())
            noted += 1
    return noted


def accept_commissioned(*, actor: Actor = SYSTEM, limit: int) -> int:
    """Accept by law what must be cleared now to be paid in time, at most ``limit``; returns how many.

    Silence and complaints do not stop it: a complaint that is still open can only lead to a correction afterwards.
    """
    accepted = 0
    for trade in to_pay_now(limit=limit):
        try:
            accepted += _accept_by_law(actor, trade)
        except DomainError as error:
            logger.error("trade %s waits for a person and must be paid: %s", trade, error)
    return accepted


@transaction.atomic
def _accept_by_law(actor: Actor, public_id: str) -> bool:
    agreement = Trade.objects.values_list("agreement", flat=True).get(public_id=public_id)
    locked_progress(agreement)
    trade = locked_trade(public_id=public_id)
    if trade.state not in (TradeState.SECURED, TradeState.DISPUTED):
        return False
    release(trade, actor=actor, command="accept_by_law", told="accepted_by_law")
    return True
