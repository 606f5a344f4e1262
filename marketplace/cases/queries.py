"""Reads of cases, in the scope of the caller."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from marketplace.kernel.actors import Actor

from .guards import APPEALED_PARTIES, DECIDERS, JUDGES
from .models import Case
from .states import AGAINST, HELD, CaseKindCode, CaseOutcome, CaseState


def visible_cases(actor: Actor) -> QuerySet[Case]:
    """Cases for which the actor's organisation waits; all, for the operator, the one that is due first before the others by its filter."""
    rows = Case.objects.select_related("organisation", "counterparty", "appeal", "remedy")
    return rows if actor.may_see() else rows.filter(waits(actor.require_organisation()))


def waits(organisation_id: int) -> Q:
    """The condition on cases that an organisation (database key) waits for them."""
    return Q(organisation_id=organisation_id) | Q(counterparty_id=organisation_id)


def get_case(case: str) -> Case:
    """A case with its organisation, for the texts about it."""
    return Case.objects.select_related("organisation", "counterparty").get(public_id=case)


def undenied_cases(organisation_id: int, decision: str, subject: str) -> QuerySet[Case]:
    """The cases of what a decision about ``subject`` put on hold that are open or were not decided against an organisation."""
    held = Case.objects.filter(waits(organisation_id), kind__in=HELD)
    return held.filter(Q(decision=decision) | Q(subject=subject, state=CaseState.OPEN)).exclude(
        state=CaseState.RESOLVED, outcome__in=AGAINST
    )


def held_subjects(kind: CaseKindCode) -> QuerySet[Case, str]:
    """The public identifiers of what has an open case of a kind."""
    return Case.objects.filter(kind=kind, state=CaseState.OPEN).values_list("subject", flat=True)


def allowed_decisions(kind: CaseKindCode, subject: str) -> list[str]:
    """The decisions of hold on a subject that two people allowed: public identifiers."""
    rows = Case.objects.filter(
        kind=kind, subject=subject, state=CaseState.RESOLVED, outcome=CaseOutcome.ALLOW
    )
    return list(rows.order_by("pk").values_list("decision", flat=True))


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


def appealed_parties(case: Case) -> list[int]:
    """The organisations (database keys) that what a case appeals is about: both parties; none where nothing is appealed."""
    if not case.is_appeal:
        return []
    parties = APPEALED_PARTIES.format(appealed="%(appealed)s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.id FROM {parties} p WHERE p.id IS NOT NULL ORDER BY p.id",  # noqa: S608  our own words
            {"appealed": case.subject},
        )
        return [key for (key,) in cursor.fetchall()]


def overdue(at: datetime) -> QuerySet[Case]:
    """Open cases whose time to be decided is over, of which nobody was reminded."""
    return Case.objects.filter(state=CaseState.OPEN, decide_by__lte=at, reminded_at=None).order_by(
        "decide_by", "pk"
    )


def kept_until(at: datetime) -> QuerySet[Case]:
    """Admissions that two people kept until a moment that has come, which nobody looked at again."""
    rows = Case.objects.filter(outcome=CaseOutcome.KEEP, kept_until__lte=at, again_at=None)
    return rows.order_by("kept_until", "pk")
