"""Filters for lists of trades and obligations."""

from __future__ import annotations

from django_filters import rest_framework as filters

from marketplace.api.filters import AmountFilter, InstantFilter

from ..ground.filters import PartyFilter
from .models import Obligation, Trade
from .states import ObligationKind, TradeState


class TradeFilter(filters.FilterSet):
    """By state, segment, listing, agreement, reference, party, price and moments."""

    state = filters.ChoiceFilter(choices=TradeState.choices)
    party = PartyFilter("buyer_id", "seller_id")
    price_minor_min = AmountFilter(field_name="price_minor", lookup_expr="gte")
    price_minor_max = AmountFilter(field_name="price_minor", lookup_expr="lte")
    concluded_from = InstantFilter(field_name="concluded_at", lookup_expr="gte")
    concluded_before = InstantFilter(field_name="concluded_at", lookup_expr="lt")
    accepted_from = InstantFilter(field_name="accepted_at", lookup_expr="gte")
    accepted_before = InstantFilter(field_name="accepted_at", lookup_expr="lt")

    class Meta:
        model = Trade
        fields = ("state", "segment", "currency", "listing", "agreement", "reference")


class ObligationFilter(filters.FilterSet):
    """By kind, trade, agreement, cycle, party, amount and moment."""

    kind = filters.ChoiceFilter(choices=ObligationKind.choices)
    trade = filters.CharFilter(field_name="trade__public_id")
    agreement = filters.CharFilter(field_name="trade__agreement")
    cycle = filters.CharFilter(field_name="cycle__public_id")
    party = PartyFilter("debtor_id", "creditor_id")
    amount_minor_min = AmountFilter(field_name="amount_minor", lookup_expr="gte")
    amount_minor_max = AmountFilter(field_name="amount_minor", lookup_expr="lte")
    made_from = InstantFilter(field_name="made_at", lookup_expr="gte")
    made_before = InstantFilter(field_name="made_at", lookup_expr="lt")

    class Meta:
        model = Obligation
        fields = ("currency",)
