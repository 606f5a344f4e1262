"""What did not clear when it might have, why, and what became of it: derived from trades, cycles and evidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from marketplace.evidence.queries import records_about_any

from ..models import Cycle, Obligation, Trade
from ..states import ObligationKind, TradeState

HELD, RESUMED = "clearing.trade_held", "clearing.trade_resumed"


def left_out() -> list[dict[str, Any]]:
    """Trades that stood at a cut-off and did not enter the cycle, cycle by cycle, by their keys.

    ``reason`` is what held them back at that moment; ``became`` the cycle that cleared them since, or their state.
    """
    return _rows(Cycle.objects.filter(closed_at__isnull=False).order_by("currency", "number"))


def left_out_of(cycle: Cycle) -> list[dict[str, Any]]:
    """The trades that stood at the cut-off of ``cycle`` and did not enter it; none before it is cut off."""
    return _rows([cycle] if cycle.closed_at else [])


def _rows(cycles: Iterable[Cycle]) -> list[dict[str, Any]]:
    standing = [(cycle, trade) for cycle in cycles for trade in _standing_at(cycle)]
    trades = {trade.pk: trade.public_id for _, trade in standing}
    cleared_in = dict(
        Obligation.objects.filter(trade__in=trades, kind=ObligationKind.PURCHASE).values_list(
            "trade_id", "cycle__business_key"
        )
    )
    holds: dict[str, list[Any]] = {}
    for record in records_about_any(trades.values(), kinds=(HELD, RESUMED)):
        holds.setdefault(record.subject, []).append(record)
    return [
        {
            "cycle": cycle.business_key,
            "business_key": trade.business_key,
            "gross_minor": trade.gross_minor,
            "currency": trade.currency,
            "reason": _reason(trade, cycle, holds.get(trade.public_id, [])),
            "became": f"in cycle {cleared_in[trade.pk]}" if trade.pk in cleared_in else trade.state,
        }
        for cycle, trade in standing
    ]


def _standing_at(cycle: Cycle) -> QuerySet[Trade]:
    """Trades concluded and not over when ``cycle`` was cut off, and neither in it nor in one before."""
    entered = Obligation.objects.filter(
        kind=ObligationKind.PURCHASE, cycle__currency=cycle.currency, cycle__number__lte=cycle.number
    )
    return (
        Trade.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=cycle.closed_at),
            currency=cycle.currency,
            concluded_at__lte=cycle.closed_at,
        )
        .exclude(pk__in=entered.values("trade"))
        .order_by("business_key")
    )


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


def _reason(trade: Trade, cycle: Cycle, holds: list[Any]) -> str:
    """Why the cycle went without the trade; ``holds`` are its holds and ends of holds, oldest first."""
    before = [record.kind for record in holds if cycle.closed_at and record.occurred_at <= cycle.closed_at]
    if before and before[-1] == HELD:
        return "held: a complaint was open"
    if trade.secured_at is None or (cycle.closed_at and trade.secured_at > cycle.closed_at):
        return "carried: its money was not secured"
    return "carried: its delivery was not accepted"
