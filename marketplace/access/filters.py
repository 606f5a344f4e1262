"""Filters for lists of staff accesses."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import StaffAccess
from .states import AccessGround, AccessKind


class StaffAccessFilter(filters.FilterSet):
    """By organisation, kind, ground, person and reference."""

    organisation = filters.CharFilter(field_name="organisation_identifier")
    kind = filters.ChoiceFilter(choices=AccessKind.choices)
    ground = filters.ChoiceFilter(choices=AccessGround.choices)

    class Meta:
        model = StaffAccess
        fields = ("organisation", "kind", "ground", "person", "reference")
