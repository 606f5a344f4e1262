"""Reads of drafts."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission

from .models import RulebookDraft

READING = (Permission.RULEBOOK_WRITE, Permission.EVIDENCE_READ)
"""Who reads what is not published yet: who changes the rules, and who audits."""


def visible_drafts(actor: Actor) -> QuerySet[RulebookDraft]:
    """Every draft, for who of the operator changes the rules or audits; none for others."""
    rows = RulebookDraft.objects.select_related("replaces", "rulebook")
    return rows if actor.may(*READING) else rows.none()
