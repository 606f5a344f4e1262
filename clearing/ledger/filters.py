"""Filters for lists of the ledger."""

from __future__ import annotations

from django_filters import rest_framework as filters

from ..ground.filters import PartyFilter
from .models import Entry, Posting
from .states import AccountKind, LineKind


class PostingFilter(filters.FilterSet):
    """By account, kind of account, posting kind, cycle, trade and business day."""

    account = filters.CharFilter(field_name="account__public_id")
    account_kind = filters.ChoiceFilter(field_name="account__kind", choices=AccountKind.choices)
    line = filters.ChoiceFilter(choices=LineKind.choices)
    cycle = filters.CharFilter(field_name="entry__cycle__public_id")
    trade = filters.CharFilter(field_name="trade__public_id")
    booked_from = filters.DateFilter(field_name="entry__business_date", lookup_expr="gte")
    booked_until = filters.DateFilter(field_name="entry__business_date", lookup_expr="lte")

    class Meta:
        model = Posting
        fields = ("line", "currency")


class EntryFilter(filters.FilterSet):
    """By kind, cycle, trade, participant and business day."""

    cycle = filters.CharFilter(field_name="cycle__public_id")
    trade = filters.CharFilter(field_name="trade__public_id")
    party = PartyFilter("organisation_id")
    booked_from = filters.DateFilter(field_name="business_date", lookup_expr="gte")
    booked_until = filters.DateFilter(field_name="business_date", lookup_expr="lte")

    class Meta:
        model = Entry
        fields = ("kind", "reference")
