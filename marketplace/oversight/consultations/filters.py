"""Filters for lists of consultations."""

from __future__ import annotations

from django_filters import rest_framework as filters

from .models import Consultation
from .states import Matter


class ConsultationFilter(filters.FilterSet):
    """By matter, by participant, and whether they wait for an answer."""

    matter = filters.ChoiceFilter(choices=Matter.choices)
    organisation = filters.CharFilter(field_name="organisation__public_id")
    unanswered = filters.BooleanFilter(field_name="answered_at", lookup_expr="isnull")

    class Meta:
        model = Consultation
        fields = ("matter", "organisation", "unanswered")
