"""Filters for lists of bank entries."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet
from django_filters import rest_framework as filters

from .debit_models import DebitBooking
from .models import BankEntry
from .states import RETURNABLE, BankMatch


class BankEntryFilter(filters.FilterSet):
    """By match, direction, reference, and whether the operator still has to allocate the entry."""

    match = filters.ChoiceFilter(choices=BankMatch.choices)
    waits_for_operator = filters.BooleanFilter(method="filter_waiting")

    class Meta:
        model = BankEntry
        fields = ("match", "direction", "entry_reference")

    def filter_waiting(self, rows: QuerySet[BankEntry], name: str, value: bool) -> QuerySet[BankEntry]:  # noqa: FBT001
        """Bank entries in suspense that nobody decided on, or all others."""
        wanted = Q(match=BankMatch.UNALLOCATED, allocation=None, debit_booking=None, recoupment=None)
        return rows.filter(wanted) if value else rows.exclude(wanted)


class DebitBookingFilter(filters.FilterSet):
    """By kind, and whether money has still to come back."""

    open = filters.BooleanFilter(method="filter_open")

    class Meta:
        model = DebitBooking
        fields = ("booked_as",)

    def filter_open(self, rows: QuerySet[DebitBooking], name: str, value: bool) -> QuerySet[DebitBooking]:  # noqa: FBT001
        """Reclaimed debits that have not wholly come back, or all others. The rows have ``recouped_minor``."""
        wanted = Q(booked_as__in=RETURNABLE, recouped_minor__lt=F("bank_entry__amount_minor"))
        return rows.filter(wanted) if value else rows.exclude(wanted)
