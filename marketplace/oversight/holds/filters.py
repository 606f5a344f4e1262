"""Filters for lists of legal holds."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import LegalHold


class LegalHoldFilter(filters.FilterSet):
    """By subject, and whether they are in force."""

    in_force = filters.BooleanFilter(field_name="lifted_at", lookup_expr="isnull")

    class Meta:
        model = LegalHold
        fields = ("subject", "in_force")
