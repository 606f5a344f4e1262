"""Queries for figures by class of participant."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from marketplace.kernel.actors import PERSON_PREFIX

from .models import Admission, Organisation, Suspension
from .states import AdmissionState


class ClassFacts(NamedTuple):
    """What classes of participants are made from."""

    organisation: str
    kind: str
    registered_at: datetime


def class_facts(before: datetime) -> list[ClassFacts]:
    """Every participant that was registered before a moment, without the operator."""
    rows = Organisation.objects.filter(is_operator=False, registered_at__lt=before).order_by("pk")
    return [ClassFacts(*row) for row in rows.values_list("public_id", "kind", "registered_at")]


def decided_by_people(starts_at: datetime, ends_at: datetime) -> list[str]:
    """The organisation of each application that a person of the operator decided, and of each suspension by a person."""
    decided = Admission.objects.filter(
        decided_at__gte=starts_at,
        decided_at__lt=ends_at,
        state__in=(AdmissionState.ADMITTED, AdmissionState.REFUSED),
    ).exclude(reason="")
    suspended = Suspension.objects.filter(
        suspended_at__gte=starts_at, suspended_at__lt=ends_at, suspended_by__startswith=f"{PERSON_PREFIX}_"
    )
    return [
        name
        for rows in (decided, suspended)
        for name in rows.values_list("organisation__public_id", flat=True)
    ]


def applied_at(admissions: list[str]) -> dict[str, datetime]:
    """When each of these applications (public identifiers) was made."""
    return dict(Admission.objects.filter(public_id__in=admissions).values_list("public_id", "applied_at"))
