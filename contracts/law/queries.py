"""Queries on unlawful terms of agreements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from ..amending.compiling import FIXED, FIXED_CHARGING, FIXED_RIGHTS
from ..amending.queries import signed_versions
from ..models import Agreement
from ..pools.queries import is_pooled
from .guards import HOLDS, is_unlawful
from .models import LawAdjustment
from .states import LawAdjustmentState
from .terms import Entry

_UNAMENDABLE = frozenset(
    (*FIXED, *(f"rights.{name}" for name in FIXED_RIGHTS), *(f"charging.{name}" for name in FIXED_CHARGING))
)
_BREAKING = f"""
    SELECT a.public_id FROM contracts_agreement a
     CROSS JOIN LATERAL (SELECT v.said -> 'terms' AS terms FROM public.signed_versions(a.id) v ORDER BY v.number DESC LIMIT 1) last
     WHERE a.state = 'in_force' AND EXISTS (
        SELECT FROM jsonb_array_elements(%s::jsonb) AS l(e) WHERE {HOLDS.format(segment="a.segment")}
           AND ({is_unlawful("l.e", "last.terms")} OR {is_unlawful("l.e", "(public.signed_in_force(a.id, public.business_now()) -> 'terms')")}))
     ORDER BY a.id
"""  # noqa: S608  our own words


def agreements_breaking(law: Sequence[Entry]) -> list[str]:
    """The public identifiers of the agreements in force of which a version that counts now or later breaks an entry, in order."""
    if not law:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BREAKING, [json.dumps(list(law))])
        return [row[0] for row in cursor.fetchall()]


def open_adjustments() -> QuerySet[LawAdjustment]:
    """The records of unlawful terms that still stand."""
    return LawAdjustment.objects.filter(state=LawAdjustmentState.OPEN)


def adjustments_by_law(agreement: Agreement) -> QuerySet[LawAdjustment]:
    """The records of unlawful terms of an agreement, in order."""
    return agreement.law_adjustments.select_related("agreement", "rulebook").order_by("pk")


def terms_at(agreement: Agreement, moment: datetime) -> dict[str, Any]:
    """The terms of an agreement as its version states them that is in force at a moment, by what is signed now."""
    first, *later = signed_versions(agreement)
    stated: dict[str, Any] = [first, *(row for row in later if row.in_force_at <= moment)][-1].said["terms"]
    return stated


def can_be_amended(agreement: Agreement, term: str) -> bool:
    """Whether an amendment of the agreement can change a term."""
    said = signed_versions(agreement)[-1].said
    plan = said["plan"]
    is_supported = (
        not is_pooled(agreement.listing)
        and plan.get("commission") is None
        and plan["money"]["charging"] != "metered"
        and not plan["money"].get("adjustments")
    )
    return is_supported and term not in _UNAMENDABLE
