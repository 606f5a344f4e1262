"""Queries on private notes."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor

from .models import PrivateNote


def visible_notes(actor: Actor) -> QuerySet[PrivateNote]:
    """Private notes of the actor's organisation; all, for the operator."""
    rows = PrivateNote.objects.select_related("negotiation")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())
