"""Queries on indices and on what clauses did."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from marketplace.kernel.prepared import fetch_prepared

from ..models import Agreement, FiredAdjustment, IndexValue

_HAS_CLAUSES = """
    SELECT 1 FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id
     WHERE a.public_id = %s AND i.content::jsonb #> '{plan,money,adjustments}' IS NOT NULL
"""


def has_clauses(agreement: str) -> bool:
    """Whether an agreement (public identifier) was signed with adjustment clauses."""
    return bool(fetch_prepared(_HAS_CLAUSES, [agreement]))


def value_of_index(index: str, on: date) -> IndexValue | None:
    """The latest value of an index as of a day, or of one before; None if none was entered."""
    return IndexValue.objects.filter(index=index, as_of__lte=on).order_by("-as_of").first()


def fired_of(agreement: Agreement) -> QuerySet[FiredAdjustment]:
    """What the clauses of an agreement did, in order."""
    rows = FiredAdjustment.objects.filter(agreement=agreement).select_related("agreement", "adjustment")
    return rows.order_by("pk")
