"""Reads of activity records, in the scope of the caller."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor, Role

from .models import ActivityRecord


def visible_records(actor: Actor) -> QuerySet[ActivityRecord]:
    """The records that the actor's own organisation asked for; nobody else's, for nobody."""
    rows = ActivityRecord.objects.select_related("organisation")
    if actor.role is Role.PARTICIPANT:
        return rows.filter(organisation=actor.require_organisation())
    return rows.none()
