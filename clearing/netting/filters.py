"""Filters for lists of netting."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import NetPosition


class PositionFilter(filters.FilterSet):
    """By cycle and currency."""

    cycle = filters.CharFilter(field_name="cycle__public_id")

    class Meta:
        model = NetPosition
        fields = ("currency",)
