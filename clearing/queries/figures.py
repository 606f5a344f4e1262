"""Figures about clearing for the market's report."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Sum

from marketplace.kernel.money import BASIS_POINTS
from marketplace.participants.queries import organisations_by_id

from ..models import NetPosition, Obligation, Trade
from ..states import AccountKind, ObligationKind, TradeState
from .ledger import kind_totals
from .trades import is_cleared


def money_figures(currency: str = "JPY") -> dict[str, int]:
    """Sums of the market in minor units of ``currency``; each name ends in ``_minor``."""
    totals = kind_totals(currency)
    sold = NetPosition.objects.filter(currency=currency).aggregate(
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
        "deposits_of_participants_minor": -totals.get(AccountKind.DEPOSIT, 0),
        "reserve_of_operator_minor": -totals.get(AccountKind.RESERVE, 0),
        "claims_on_participants_minor": totals.get(AccountKind.CLAIM, 0),
        "client_bank_account_minor": totals.get(AccountKind.BANK_CLIENT, 0),
        "operator_bank_account_minor": totals.get(AccountKind.BANK_OPERATOR, 0),
    }


def carried_trades() -> list[dict[str, Any]]:
    """Trades that are neither cleared nor over, with the reason, by their keys."""
    waiting = Trade.objects.exclude(state__in=(TradeState.FAILED, TradeState.REFUNDED)).exclude(is_cleared())
    cycles = dict(
        Obligation.objects.filter(trade__in=waiting, kind=ObligationKind.PURCHASE).values_list(
            "trade_id", "cycle__business_key"
        )
    )
    return [
        {
            "trade": trade.public_id,
            "business_key": trade.business_key,
            "state": trade.state,
            "gross_minor": trade.gross_minor,
            "currency": trade.currency,
            "reason": _reason(trade, cycles.get(trade.pk)),
        }
        for trade in waiting.order_by("business_key")
    ]


def _reason(trade: Trade, cycle: str | None) -> str:
    if trade.state == TradeState.CONCLUDED:
        return f"waits for money until {trade.fund_by.isoformat()}"
    if trade.state == TradeState.SECURED:
        return "secured, waits for acceptance or the end of inspection"
    if trade.state == TradeState.DISPUTED:
        return "held while a complaint is open"
    return f"accepted, clears in cycle {cycle}"


def neutrality() -> dict[str, Any]:
    """How neutral trading is, to be published.

    ``trades_of_operator_or_affiliates`` is 0. Concentration is the Herfindahl-Hirschman index over the sellers'
    shares of cleared or accepted value, in basis points (10,000: one seller), by segment. Fees are the share of
    fees in prices, in basis points, by segment: by tariff alone.
    """
    counted = Trade.objects.exclude(state__in=(TradeState.FAILED, TradeState.REFUNDED))
    parties = {key for pair in Trade.objects.values_list("buyer_id", "seller_id").distinct() for key in pair}
    partial = [
        key for key, view in organisations_by_id(parties).items() if view.is_operator or view.affiliate
    ]
    of_partial = Trade.objects.filter(Q(buyer_id__in=partial) | Q(seller_id__in=partial)).count()
    by_seller: dict[str, list[int]] = {}
    for row in counted.values("segment", "seller_id").annotate(value=Sum("price_minor")):
        by_seller.setdefault(row["segment"], []).append(row["value"])
    fees = {
        row["segment"]: row["fees"] * BASIS_POINTS // row["prices"]
        for row in counted.values("segment").annotate(fees=Sum("fee_minor"), prices=Sum("price_minor"))
        if row["prices"]
    }
    counts = dict(counted.values_list("segment").annotate(count=Count("pk")).order_by("segment"))
    return {
        "trades_of_operator_or_affiliates": of_partial,
        "trades_by_segment": counts,
        "seller_concentration_bp": {
            name: _concentration_bp(values) for name, values in sorted(by_seller.items())
        },
        "fees_of_price_bp": dict(sorted(fees.items())),
    }


def _concentration_bp(values: list[int]) -> int:
    total = sum(values)
    return sum(value * value for value in values) * BASIS_POINTS // (total * total) if total else 0
