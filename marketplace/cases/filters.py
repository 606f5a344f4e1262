"""Filters for lists of cases."""

from __future__ import annotations

from django_filters import rest_framework as filters

from marketplace.api.filters import InstantFilter

from .models import Case
from .states import CaseKindCode, CaseState


class CaseFilter(filters.FilterSet):
    """By kind, state, organisation, subject, and whether the time to decide is over."""

    kind = filters.ChoiceFilter(choices=CaseKindCode.choices)
    state = filters.ChoiceFilter(choices=CaseState.choices)
    organisation = filters.CharFilter(field_name="organisation__public_id")
    due_before = InstantFilter(field_name="decide_by", lookup_expr="lt")

    class Meta:
        model = Case
        fields = ("kind", "state", "organisation", "subject", "decision")
