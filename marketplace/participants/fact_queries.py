"""Queries on the facts of organisations and their changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor

from .models import FactChange, Organisation


def visible_fact_changes(actor: Actor) -> QuerySet[FactChange]:
    """Changes of facts of the actor's organisation; all, for the operator."""
    rows = FactChange.objects.select_related("organisation")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def unchanged_since(organisation: Organisation, facts: Collection[str], moment: datetime) -> list[str]:
    """The values of those ``facts`` of an organisation that nobody has changed since a moment."""
    changed = FactChange.objects.filter(
        organisation=organisation, fact__in=list(facts), changed_at__gt=moment
    ).values_list("fact", flat=True)
    return [getattr(organisation, fact) for fact in facts if fact not in set(changed)]
