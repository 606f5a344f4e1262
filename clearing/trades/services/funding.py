"""Give back the time to pay in that halts of trading took, and tell both parties."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, QuerySet
from django.db.models.functions import Coalesce

from marketplace.events.schemas.clearing import TradeFundingExtended
from marketplace.events.services import emit
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.rules.halt_time import covered_by_halts, halted_time, lifted_after

from ...ground.parties import public_ids_of
from ..models import Trade
from ..states import TradeState
from .holds import locked_trade, record_trade

GIVING_BACK = Loop("clearing.give_back_halts")


def give_back_halts(*, actor: Actor = SYSTEM, limit: int) -> int:
    """Give back to waiting trades what lifted halts took of their time to pay in, at most ``limit``; returns how many were counted."""

    @transaction.atomic
    def give_back(trade: str) -> bool:
        return not give_back_halted_time(locked_trade(public_id=trade), actor=actor)

    due = _to_count().exclude(public_id__in=GIVING_BACK.standing_aside()).order_by("pk")
    return GIVING_BACK.each(due.values_list("public_id", flat=True)[:limit], give_back)


def _to_count() -> QuerySet[Trade]:
    """Waiting trades in whose time a halt was lifted that was not counted yet, and that no halt covers now."""
    waiting = Trade.objects.filter(state=TradeState.CONCLUDED).exclude(covered_by_halts())
    counted = waiting.annotate(counted=Coalesce("halts_counted_until", "concluded_at"))
    return counted.filter(Exists(lifted_after("counted")))


def give_back_halted_time(trade: Trade, *, actor: Actor) -> bool:
    """Move the end of the time to pay in by what halts covered since it began; returns whether a halt covers it now.

    While one does, nothing moves: the deadline stands still until it is lifted. The caller has locked the trade, which waits.
    Emits trade.funding_extended.
    """
    if trade.state != TradeState.CONCLUDED:
        return False
    now = clock.now()
    taken, is_halted = halted_time(
        listing=trade.listing,
        segment=trade.segment,
        since=trade.halts_counted_until or trade.concluded_at,
        until=now,
    )
    if is_halted:
        return True
    trade.halts_counted_until = now
    if not taken:
        trade.save(update_fields=["halts_counted_until"])
        return False
    trade.agreed_fund_by = trade.agreed_fund_by or trade.fund_by
    trade.fund_by += taken
    trade.save(update_fields=["fund_by", "agreed_fund_by", "halts_counted_until"])
    record_trade(
        "funding_extended",
        trade,
        actor,
        fund_by=trade.fund_by.isoformat(),
        agreed_fund_by=trade.agreed_fund_by.isoformat(),
    )
    parties = public_ids_of((trade.buyer_id, trade.seller_id))
    emit(
        TradeFundingExtended(
            trade=trade.public_id,
            agreement=trade.agreement,
            listing=trade.listing,
            buyer=parties[trade.buyer_id],
            seller=parties[trade.seller_id],
            fund_by=trade.fund_by.isoformat(),
            charge=trade.charge,
        )
    )
    return False
