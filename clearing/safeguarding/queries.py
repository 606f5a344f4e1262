"""Reads segregation checks."""

from __future__ import annotations

from django.db.models import QuerySet

from .models import SegregationCheck


def segregation_checks() -> QuerySet[SegregationCheck]:
    """All segregation checks."""
    return SegregationCheck.objects.select_related("statement")
