"""Figures of the whole market for its report."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from ..ledger.queries import kind_totals
from ..ledger.states import AccountKind
from ..netting.models import NetPosition
from ..trades.models import Trade
from ..trades.queries import TradeReadings, is_cleared
from ..trades.states import TradeState


def money_figures(currency: str = "JPY") -> dict[str, int]:
    """Sums of the market in minor units of ``currency``; each name ends in ``_minor``."""
    totals = kind_totals(currency)
    sold = NetPosition.objects.filter(currency=currency, cycle__netted_at__isnull=False).aggregate(
        sales=Sum("sales_minor"), tax=Sum("sales_tax_minor")
    )
    return {
        "cleared_minor": sold["sales"] or 0,
        "cleared_tax_minor": sold["tax"] or 0,
        "fees_minor": -totals.get(AccountKind.FEE_REVENUE, 0),
        "fee_tax_minor": -totals.get(AccountKind.TAX_PAYABLE, 0),
        "available_to_participants_minor": -totals.get(AccountKind.AVAILABLE, 0),
        "held_for_trades_minor": -totals.get(AccountKind.HELD, 0),
        "due_to_cycles_minor": -totals.get(AccountKind.PAYABLE, 0),
        "due_to_participants_minor": -totals.get(AccountKind.RECEIVABLE, 0),
        "not_allocated_minor": -totals.get(AccountKind.UNALLOCATED, 0),
        "debits_in_suspense_minor": totals.get(AccountKind.UNEXPLAINED, 0),
        "reclaimed_minor": totals.get(AccountKind.BANK_RECEIVABLE, 0)
        + totals.get(AccountKind.PAYEE_RECEIVABLE, 0),
        "deposits_of_participants_minor": -totals.get(AccountKind.DEPOSIT, 0),
        "reserve_of_operator_minor": -totals.get(AccountKind.RESERVE, 0),
        "claims_on_participants_minor": totals.get(AccountKind.CLAIM, 0),
        "client_bank_account_minor": totals.get(AccountKind.BANK_CLIENT, 0),
        "operator_bank_account_minor": totals.get(AccountKind.BANK_OPERATOR, 0),
    }


def waiting_trades() -> list[dict[str, Any]]:
    """Trades that are neither cleared nor ended, with their waiting reasons, by key; ``reason`` is a Label."""
    waiting = Trade.objects.exclude(state__in=(TradeState.FAILED, TradeState.REFUNDED)).exclude(is_cleared())
    trades = list(waiting.select_related("guaranteed").order_by("business_key"))
    readings = TradeReadings(trades)
    found = ((trade, readings.waiting(trade)) for trade in trades)
    return [
        {
            "trade": trade.public_id,
            "business_key": trade.business_key,
            "state": trade.state,
            "gross_minor": trade.gross_minor,
            "currency": trade.currency,
            "reason_code": waits.reason.code,
            "reason": waits.label,
            "waiting": waits.as_dict(),
        }
        for trade, waits in found
        if waits is not None
    ]
