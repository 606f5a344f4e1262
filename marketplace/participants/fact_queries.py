"""Queries on the facts of organisations and their changes."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor

from .models import FactChange


def visible_fact_changes(actor: Actor) -> QuerySet[FactChange]:
    """Changes of facts of the actor's organisation; all, for the operator."""
    rows = FactChange.objects.select_related("organisation")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())
