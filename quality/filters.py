"""Filters of profiles."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Profile


class ProfileFilter(filters.FilterSet):
    """Filters by listing version."""

    listing_version = filters.CharFilter(field_name="listing_version_id")

    class Meta:
        model = Profile
        fields: tuple[str, ...] = ()
