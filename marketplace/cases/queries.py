"""Reads of cases, in the scope of the caller."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from marketplace.kernel.actors import Actor

from .guards import DECIDERS
from .models import Case
from .states import CaseState


def visible_cases(actor: Actor) -> QuerySet[Case]:
    """Cases of the actor's organisation; all, for the operator, the one that is due first before the others by its filter."""
    rows = Case.objects.select_related("organisation", "appeal", "remedy")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def get_case(case: str) -> Case:
    """A case with its organisation, for the texts about it."""
    return Case.objects.select_related("organisation").get(public_id=case)


def deciders(case: Case) -> set[str]:
    """Who decided what a case appeals; nobody, for what is on hold."""
    if not case.is_appeal:
        return set()
    people = DECIDERS.format(organisation="%(organisation)s", appealed="%(subject)s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.person FROM {people} AS d (person)",  # noqa: S608  our own words
            {"organisation": case.organisation_id, "subject": case.subject},
        )
        return {person for (person,) in cursor.fetchall()}


def overdue(at: datetime) -> QuerySet[Case]:
    """Open cases whose time to be decided is over, of which nobody was reminded."""
    return Case.objects.filter(state=CaseState.OPEN, decide_by__lte=at, reminded_at=None).order_by(
        "decide_by", "pk"
    )
