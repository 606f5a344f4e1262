"""Filters for lists of evidence records."""

from __future__ import annotations

from django_filters import rest_framework as filters

from marketplace.api.filters import InstantFilter

from .models import EvidenceRecord


class EvidenceRecordFilter(filters.FilterSet):
    """By kind, subject and actor, and by when it happened."""

    occurred_from = InstantFilter(field_name="occurred_at", lookup_expr="gte")
    occurred_before = InstantFilter(field_name="occurred_at", lookup_expr="lt")

    class Meta:
        model = EvidenceRecord
        fields = ("kind", "subject", "actor", "occurred_from", "occurred_before")
