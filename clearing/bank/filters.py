"""Filters for lists of the bank's entries."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from .models import BankEntry
from .states import BankMatch


class BankEntryFilter(filters.FilterSet):
    """By what it was recognised as, and whether the operator still has to say whose it is."""

    match = filters.ChoiceFilter(choices=BankMatch.choices)
    waits_for_operator = filters.BooleanFilter(method="waiting")

    class Meta:
        model = BankEntry
        fields = ("match", "direction", "entry_reference")

    def waiting(self, rows: QuerySet[BankEntry], name: str, value: bool) -> QuerySet[BankEntry]:  # noqa: FBT001
        """Bookings that are not recognised and not allocated, or all others."""
        wanted = Q(match=BankMatch.UNALLOCATED, allocation=None)
        return rows.filter(wanted) if value else rows.exclude(wanted)
