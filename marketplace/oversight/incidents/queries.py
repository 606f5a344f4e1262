"""Reads of incidents, in the scope of the caller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, FilteredRelation, OuterRef, Prefetch, Q, QuerySet, Subquery

from marketplace.kernel.actors import Actor, Role

from .law import Due
from .models import Incident, IncidentAssessment, IncidentConcern, IncidentDeadline, IncidentEntry
from .states import KNOWN_DAYS_BACK, IncidentKind

_LATEST = Subquery(
    IncidentAssessment.objects.filter(incident=OuterRef("incident")).order_by("-pk").values("pk")[:1]
)


def visible_incidents(actor: Actor) -> QuerySet[Incident]:
    """The register, for the operator; for a participant, what concerns it or it opened."""
    rows = Incident.objects.prefetch_related(
        Prefetch("assessments", IncidentAssessment.objects.order_by("pk")),
        Prefetch("deadlines", IncidentDeadline.objects.order_by("due_at", "pk")),
        Prefetch("concerns", IncidentConcern.objects.order_by("pk")),
        Prefetch("entries", IncidentEntry.objects.order_by("pk")),
    )
    if actor.role is Role.PARTICIPANT:
        own = actor.require_organisation()
        concerned = IncidentConcern.objects.filter(incident=OuterRef("pk"), organisation=own)
        return rows.filter(Exists(concerned))
    return rows


def is_unavailability(incident: str) -> bool:
    """Whether this is the public identifier of an incident of unavailability that the operator registered."""
    rows = Incident.objects.filter(public_id=incident, kind=IncidentKind.UNAVAILABILITY, organisation=None)
    return rows.exists()


def unmet_deadlines() -> QuerySet[IncidentDeadline]:
    """Deadlines of the latest assessment of open incidents whose report was not recorded, the first due first."""
    reported = IncidentEntry.objects.filter(incident=OuterRef("incident"), duty=OuterRef("duty"))
    return (
        IncidentDeadline.objects.filter(~Exists(reported), incident__closed_at=None, assessment=_LATEST)
        .select_related("incident")
        .order_by("due_at", "pk")
    )


def missing_duties(incident: Incident) -> list[str]:
    """The duties of an incident whose report was not recorded."""
    return list(unmet_deadlines().filter(incident=incident).values_list("duty", flat=True))


def weakens(incident: Incident, due: Sequence[Due]) -> bool:
    """Whether these duties lack one of the incident's latest assessment, or are due later than it says."""
    days = {str(each.duty): each.due_on for each in due}
    standing = IncidentDeadline.objects.filter(incident=incident, assessment=_LATEST)
    return any(
        duty not in days or days[duty] > due_on for duty, due_on in standing.values_list("duty", "due_on")
    )


def is_dated_back(incident: Incident, known_at: datetime) -> bool:
    """Whether ``known_at`` is long before the incident's registration, and before what its latest assessment says."""
    stated = (
        IncidentAssessment.objects.filter(incident=incident.pk)
        .order_by("-pk")
        .values_list("known_at", flat=True)
        .first()
    )
    return known_at < min(incident.opened_at - timedelta(days=KNOWN_DAYS_BACK), stated or incident.opened_at)


def opened_in(since: datetime, until: datetime) -> Iterable[tuple[Any, ...]]:
    """Kind and identifier of the incidents that were opened in a period, with each participant whom one concerned in it."""
    opened = Incident.objects.filter(opened_at__gte=since, opened_at__lt=until)
    told = FilteredRelation("concerns", condition=Q(concerns__told_at__lt=until))
    return opened.annotate(told=told).values_list("kind", "public_id", "told__organisation_id")
