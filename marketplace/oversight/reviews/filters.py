"""Filters for lists of reviews."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Review
from .states import Detector


class ReviewFilter(filters.FilterSet):
    """By detector, and whether they are open."""

    detector = filters.ChoiceFilter(choices=Detector.choices)
    open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull")

    class Meta:
        model = Review
        fields = ("detector", "open")
