"""Filters that join several rooms."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from ..trades.filters import TradeFilter
from ..trades.models import Trade
from .late_payments import payments_late_by_law


class LateTradeFilter(TradeFilter):
    """The filters of trades, and whether the payment of the seller is late by law."""

    late_by_law = filters.BooleanFilter(
        method="late", help_text="Made to order, and not paid for within its days."
    )

    class Meta(TradeFilter.Meta):
        pass

    def late(self, rows: QuerySet[Trade], name: str, value: bool) -> QuerySet[Trade]:  # noqa: FBT001
        """Made-to-order trades whose seller is not paid by the last payment day, or all others."""
        wanted = Q(pk__in=payments_late_by_law().order_by().values("pk"))
        return rows.filter(wanted) if value else rows.exclude(wanted)
