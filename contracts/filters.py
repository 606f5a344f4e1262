"""Filters of negotiations and agreements."""

from __future__ import annotations

from django_filters import rest_framework as filters

from marketplace.api.filters import AmountFilter, AskedFilterSet, InstantFilter

from .models import Agreement, Negotiation
from .states import AgreementState, NegotiationState


class NegotiationFilter(AskedFilterSet):
    """Filters by state, listing, reference, segment and party."""

    state = filters.ChoiceFilter(choices=NegotiationState.choices)
    buyer = filters.CharFilter(field_name="buyer_identifier")
    seller = filters.CharFilter(field_name="seller_identifier")

    class Meta:
        model = Negotiation
        fields = ("state", "listing", "reference", "segment", "buyer", "seller")


class AgreementFilter(AskedFilterSet):
    """Filters by state, listing, reference, segment, party, price and time of conclusion, as tax law requires."""

    state = filters.ChoiceFilter(choices=AgreementState.choices)
    buyer = filters.CharFilter(field_name="buyer_identifier")
    seller = filters.CharFilter(field_name="seller_identifier")
    price_minor_min = AmountFilter(field_name="price_minor", lookup_expr="gte")
    price_minor_max = AmountFilter(field_name="price_minor", lookup_expr="lte")
    concluded_from = InstantFilter(field_name="concluded_at", lookup_expr="gte")
    concluded_before = InstantFilter(field_name="concluded_at", lookup_expr="lt")

    class Meta:
        model = Agreement
        fields = ("state", "listing", "listing_version", "reference", "segment", "buyer", "seller")
