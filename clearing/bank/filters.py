"""Filters for lists of bank entries."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from .models import BankEntry
from .states import BankMatch


class BankEntryFilter(filters.FilterSet):
    """By match, direction, reference, and whether the operator still has to allocate the entry."""

    match = filters.ChoiceFilter(choices=BankMatch.choices)
    waits_for_operator = filters.BooleanFilter(method="filter_waiting")

    class Meta:
        model = BankEntry
        fields = ("match", "direction", "entry_reference")

    def filter_waiting(self, rows: QuerySet[BankEntry], name: str, value: bool) -> QuerySet[BankEntry]:  # noqa: FBT001
        """Bank entries neither recognised nor allocated, or all others."""
        wanted = Q(match=BankMatch.UNALLOCATED, allocation=None)
        return rows.filter(wanted) if value else rows.exclude(wanted)
