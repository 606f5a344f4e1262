"""Reads of consultations, in the scope of the caller."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor, Role

from .models import Consultation


def visible_consultations(actor: Actor) -> QuerySet[Consultation]:
    """All questions, for the operator; its own, for a participant."""
    rows = Consultation.objects.select_related("organisation", "follows")
    if actor.role is Role.PARTICIPANT:
        return rows.filter(organisation=actor.require_organisation())
    return rows


def asked_in(since: datetime, until: datetime) -> Iterable[tuple[Any, ...]]:
    """Matter, identifier and participant of the questions that were asked in a period."""
    asked = Consultation.objects.filter(asked_at__gte=since, asked_at__lt=until)
    return asked.values_list("matter", "public_id", "organisation_id")
