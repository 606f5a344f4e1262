"""Filters for lists of seals."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import RecordSeal


class RecordSealFilter(filters.FilterSet):
    """By record and ground, and whether they are in force."""

    in_force = filters.BooleanFilter(field_name="ended_at", lookup_expr="isnull")

    class Meta:
        model = RecordSeal
        fields = ("record", "ground", "in_force")
