"""What did not clear when it might have, why, and what became of it: derived from trades, cycles and evidence."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from marketplace.evidence.queries import records_about_any

from ..models import Cycle, Obligation, Trade
from ..states import ObligationKind, TradeState

HELD, RESUMED = "clearing.trade_held", "clearing.trade_resumed"


def left_out() -> list[dict[str, Any]]:
    """Trades that stood at a cut-off and did not enter the cycle, cycle by cycle, by their keys.

    ``reason`` is what held them back at that moment; ``became`` the cycle that cleared them since, or their state.
    """
    rows = []
    for cycle in Cycle.objects.filter(closed_at__isnull=False).order_by("currency", "number"):
        standing = Trade.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=cycle.closed_at),
            currency=cycle.currency,
            concluded_at__lte=cycle.closed_at,
        ).exclude(
            pk__in=Obligation.objects.filter(
                kind=ObligationKind.PURCHASE, cycle__currency=cycle.currency, cycle__number__lte=cycle.number
            ).values("trade")
        )
        rows += [_row(trade, cycle) for trade in standing.order_by("business_key")]
    return rows


def ended_without_clearing() -> list[dict[str, Any]]:
    """Trades that failed or were refunded, by their keys, with the reason."""
    reasons = {
        TradeState.FAILED.value: "not paid for in time",
        TradeState.REFUNDED.value: "refunded after a complaint",
    }
    return [
        {
            "business_key": trade.business_key,
            "state": trade.state,
            "gross_minor": trade.gross_minor,
            "currency": trade.currency,
            "reason": reasons[trade.state],
        }
        for trade in Trade.objects.filter(state__in=reasons).order_by("business_key")
    ]


def _row(trade: Trade, cycle: Cycle) -> dict[str, Any]:
    return {
        "cycle": cycle.business_key,
        "business_key": trade.business_key,
        "gross_minor": trade.gross_minor,
        "currency": trade.currency,
        "reason": _reason(trade, cycle),
        "became": _became(trade),
    }


def _reason(trade: Trade, cycle: Cycle) -> str:
    before = records_about_any([trade.public_id], kinds=(HELD, RESUMED)).filter(
        occurred_at__lte=cycle.closed_at
    )
    last = before.order_by("id").last()
    if last is not None and last.kind == HELD:
        return "held: a complaint was open"
    if trade.secured_at is None or (cycle.closed_at and trade.secured_at > cycle.closed_at):
        return "carried: its money was not secured"
    return "carried: its delivery was not accepted"


def _became(trade: Trade) -> str:
    purchase = (
        Obligation.objects.filter(trade=trade, kind=ObligationKind.PURCHASE).select_related("cycle").first()
    )
    return f"in cycle {purchase.cycle.business_key}" if purchase else trade.state
