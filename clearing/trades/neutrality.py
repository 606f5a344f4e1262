"""Public figures about the neutrality of trading."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Sum

from marketplace.api.figures import Figures
from marketplace.kernel.money import BASIS_POINTS
from marketplace.participants.queries import organisations_by_id
from marketplace.rules.neutrality.contributions import FEES, ORDER, REBATES, SIZES

from .models import Trade
from .neutral_bundle import charged_fees, order_of_clearing, trades_by_organisation, volume_rebates
from .states import TradeState


def neutrality() -> dict[str, Any]:
    """Public figures about the neutrality of trading.

    ``trades_of_operator_or_affiliates`` is 0. Concentration is the Herfindahl-Hirschman index of the sellers' shares in
    the value of trades, in basis points (10,000: one seller), by segment. Fees are their share of prices, in basis
    points, by segment.
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


NEUTRALITY = Figures("trading-neutrality", neutrality)

FEES.append(charged_fees)
REBATES.append(volume_rebates)
ORDER.append(order_of_clearing)
SIZES.append(trades_by_organisation)
