"""Reads of cases, in the scope of the caller."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from marketplace.kernel.actors import Actor

from .guards import DECIDERS, JUDGES
from .models import Case
from .states import HELD, CaseOutcome, CaseState


def visible_cases(actor: Actor) -> QuerySet[Case]:
    """Cases of the actor's organisation; all, for the operator, the one that is due first before the others by its filter."""
    rows = Case.objects.select_related("organisation", "appeal", "remedy")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def get_case(case: str) -> Case:
    """A case with its organisation, for the texts about it."""
    return Case.objects.select_related("organisation").get(public_id=case)


def undenied_cases(organisation_id: int, decision: str) -> QuerySet[Case]:
    """The cases of what a decision put on hold, for an organisation, that are open or were not decided against it."""
    held = Case.objects.filter(kind__in=HELD, organisation_id=organisation_id, decision=decision)
    return held.exclude(state=CaseState.RESOLVED, outcome=CaseOutcome.DENY)


def deciders(case: Case) -> set[str]:
    """Who decided what a case appeals; of what is on hold, who decided an appeal of it."""
    people = (DECIDERS if case.is_appeal else JUDGES).format(
        organisation="%(organisation)s", appealed="%(subject)s", decision="%(decision)s"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.person FROM {people} AS d (person)",  # noqa: S608  our own words
            {"organisation": case.organisation_id, "subject": case.subject, "decision": case.decision},
        )
        return {person for (person,) in cursor.fetchall()}


def overdue(at: datetime) -> QuerySet[Case]:
    """Open cases whose time to be decided is over, of which nobody was reminded."""
    return Case.objects.filter(state=CaseState.OPEN, decide_by__lte=at, reminded_at=None).order_by(
        "decide_by", "pk"
    )
