"""Queries on jobs. Those that a metric reads cost the same at any history: they read partial indexes only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Window
from django.db.models.functions import Now, RowNumber

from marketplace.kernel.actors import Actor, Role

from .kinds import KINDS
from .models import Job
from .states import JobState, Queue


def visible_jobs(actor: Actor) -> QuerySet[Job]:
    """Jobs of the actor's organisation; all, for the operator."""
    if actor.role is not Role.PARTICIPANT:
        return Job.objects.all()
    return Job.objects.filter(organisation=actor.organisation or "-")


def has_due(queue: str) -> bool:
    """Whether a job of ``queue`` is due now."""
    return Job.objects.filter(queue=queue, state=JobState.QUEUED, due_at__lte=Now()).exists()


def due_queues() -> list[str]:
    """The queues in which a job is due now."""
    return [queue for queue in Queue.values if has_due(queue)]


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A parked job, which an operator has to look at. ``of_kind``: how many of its kind are parked; ``has_one_cause``: whether
    all of them wait for the same, as their kind says.
    """

    public_id: str
    kind: str
    subject: str
    of_kind: int
    has_one_cause: bool


def parked(each: int) -> list[ParkedJob]:
    """The oldest ``each`` parked jobs of every kind, the oldest first."""
    jobs = (
        Job.objects.filter(state=JobState.PARKED)
        .annotate(
            place=Window(RowNumber(), partition_by="kind", order_by="id"),
            of_kind=Window(Count("*"), partition_by="kind"),
        )
        .filter(place__lte=each)
        .order_by("id")
    )
    one_cause = {name for name, kind in KINDS.items() if kind.has_one_cause}
    return [
        ParkedJob(job.public_id, job.kind, job.subject, job.of_kind, job.kind in one_cause) for job in jobs
    ]


def parked_among(public_ids: Collection[str]) -> set[str]:
    """Which of these jobs are parked."""
    among = Job.objects.filter(state=JobState.PARKED, public_id__in=public_ids)
    return set(among.values_list("public_id", flat=True))
