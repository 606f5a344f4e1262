"""Filters for lists of incidents."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Incident
from .states import IncidentKind


class IncidentFilter(filters.FilterSet):
    """By kind, by subject, and whether they are open."""

    kind = filters.ChoiceFilter(choices=IncidentKind.choices)
    open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull")

    class Meta:
        model = Incident
        fields = ("kind", "subject", "open")
