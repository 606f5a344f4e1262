"""Figures about the neutrality of trading: for everybody those of a period that is over."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from marketplace.api.figures import Figures
from marketplace.kernel.money import BASIS_POINTS
from marketplace.participants.queries import organisations_by_id
from marketplace.rules.neutrality.contributions import FEES, FIGURES, ORDER, REBATES, SIZES
from marketplace.rules.neutrality.periods import Period
from marketplace.rules.neutrality.queries import latest_bundle
from marketplace.rules.neutrality.suppression import Cell, suppress

from .models import Trade
from .neutral_bundle import charged_fees, order_of_clearing, trades_by_organisation, volume_rebates
from .states import TradeState

TRADING = "trading"
FIGURE_NAMES = ("trades_by_segment", "seller_concentration_bp", "fees_of_price_bp")


def neutrality() -> dict[str, Any]:
    """Figures about the neutrality of trading over all trades up to now: for auditors, and the operator's own report.

    ``trades_of_operator_or_affiliates`` is 0. Concentration is the Herfindahl-Hirschman index of the sellers' shares in
    the value of trades, in basis points (10,000: one seller), by segment. Fees are their share of prices, in basis
    points, by segment.
    """
    return {
        "trades_of_operator_or_affiliates": _trades_of_the_operators_group(),
        **_by_segment(_standing()),
    }


def trading_figures(period: Period) -> dict[str, dict[str, int | None]]:
    """The figures by segment of the trades that were concluded in a period, as ``neutrality`` gives them.

    Null of a segment with fewer than three sellers or buyers, and of further ones until it does not follow from the others.
    """
    trades = _standing().filter(**period.window("concluded_at"))
    cells = {
        segment: Cell(count, min(sellers, buyers))
        for segment, count, sellers, buyers in trades.values_list("segment").annotate(
            count=Count("pk"),
            sellers=Count("seller_id", distinct=True),
            buyers=Count("buyer_id", distinct=True),
        )
    }
    total = Cell(sum(cell.events for cell in cells.values()), sum(cell.parties for cell in cells.values()))
    shown = suppress(total, cells).cells
    return {
        name: {segment: counted.get(segment) if cell else None for segment, cell in sorted(shown.items())}
        for name, counted in _by_segment(trades).items()
    }


def _published() -> dict[str, Any]:
    """What everybody reads: the figures of the newest bundle's period, which no event of the running one changes."""
    newest = latest_bundle()
    figures: dict[str, Any] = (newest.figures if newest else None) or {}
    return {
        "first_day": newest.first_day.isoformat() if newest else None,
        "last_day": newest.last_day.isoformat() if newest else None,
        "trades_of_operator_or_affiliates": _trades_of_the_operators_group(),
        **figures.get(TRADING, {name: {} for name in FIGURE_NAMES}),
    }


def _trades_of_the_operators_group() -> int:
    parties = {key for pair in Trade.objects.values_list("buyer_id", "seller_id").distinct() for key in pair}
    partial = [
        key for key, view in organisations_by_id(parties).items() if view.is_operator or view.affiliate
    ]
    return Trade.objects.filter(Q(buyer_id__in=partial) | Q(seller_id__in=partial)).count()


def _standing() -> QuerySet[Trade]:
    """The trades that the figures are about, and whose parties alone hide each other: those that were not undone."""
    return Trade.objects.exclude(state__in=(TradeState.FAILED, TradeState.REFUNDED))


def _by_segment(trades: QuerySet[Trade]) -> dict[str, dict[str, int]]:
    by_seller: dict[str, list[int]] = {}
    for row in trades.values("segment", "seller_id").annotate(value=Sum("price_minor")):
        by_seller.setdefault(row["segment"], []).append(row["value"])
    fees = {
        row["segment"]: row["fees"] * BASIS_POINTS // row["prices"]
        for row in trades.values("segment").annotate(fees=Sum("fee_minor"), prices=Sum("price_minor"))
        if row["prices"]
    }
    counts = dict(trades.values_list("segment").annotate(count=Count("pk")).order_by("segment"))
    concentration = {name: _concentration_bp(values) for name, values in sorted(by_seller.items())}
    return dict(zip(FIGURE_NAMES, (counts, concentration, dict(sorted(fees.items()))), strict=True))


def _concentration_bp(values: list[int]) -> int:
    total = sum(values)
    return sum(value * value for value in values) * BASIS_POINTS // (total * total) if total else 0


NEUTRALITY = Figures("trading-neutrality", _published)

FIGURES[TRADING] = trading_figures
FEES.append(charged_fees)
REBATES.append(volume_rebates)
ORDER.append(order_of_clearing)
SIZES.append(trades_by_organisation)
