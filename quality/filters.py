"""By what profiles can be narrowed down."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Profile


class ProfileFilter(filters.FilterSet):
    """Profiles by the version they speak of."""

    listing_version = filters.CharFilter(field_name="listing_version_id")

    class Meta:
        model = Profile
        fields: tuple[str, ...] = ()
