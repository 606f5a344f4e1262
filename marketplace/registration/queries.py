"""Queries on registration."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor

from .codes import key_digest
from .models import Registration, Screening


def registration_of_key(key: str) -> str | None:
    """The public identifier of the application that a key belongs to, or None."""
    rows = Registration.objects.filter(key_digest=key_digest(key)).values_list("public_id", flat=True)
    return rows.first()


def visible_registrations(actor: Actor) -> QuerySet[Registration]:
    """Every application, for the operator; an applicant's own; none for anybody else."""
    rows = Registration.objects.select_related("organisation")
    return rows if actor.may_see() else rows.filter(public_id=actor.identifier)


def last_screening(row: Registration) -> Screening | None:
    """The screening of an application that ended last."""
    return Screening.objects.filter(registration=row).exclude(ended_at=None).order_by("-pk").first()
