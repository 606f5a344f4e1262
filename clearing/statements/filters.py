"""Filters for lists of monthly statements."""

from __future__ import annotations

from django_filters import rest_framework as filters

from ..ground.filters import PartyFilter
from .models import MonthlyStatement


class MonthlyStatementFilter(filters.FilterSet):
    """By month (its first day), currency and, for the operator, participant."""

    month_from = filters.DateFilter(field_name="month", lookup_expr="gte")
    month_until = filters.DateFilter(field_name="month", lookup_expr="lte")
    organisation = PartyFilter("organisation_id")

    class Meta:
        model = MonthlyStatement
        fields = ("month", "currency", "sha256")
