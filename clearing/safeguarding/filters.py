"""Filters for lists of safeguarding."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import SegregationCheck


class SegregationCheckFilter(filters.FilterSet):
    """By currency, day and result."""

    checked_from = filters.DateFilter(field_name="business_date", lookup_expr="gte")
    checked_until = filters.DateFilter(field_name="business_date", lookup_expr="lte")

    class Meta:
        model = SegregationCheck
        fields = ("currency", "business_date", "agrees")
