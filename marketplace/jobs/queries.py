"""Queries on jobs. Those that a metric reads cost the same at any history: they read partial indexes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Now

from marketplace.kernel.actors import Actor, Role

from .models import Job
from .states import OPEN_STATES, JobState, Queue


def visible_jobs(actor: Actor) -> QuerySet[Job]:
    """Jobs of the actor's organisation; all, for the operator."""
    if actor.role is not Role.PARTICIPANT:
        return Job.objects.all()
    return Job.objects.filter(organisation=actor.organisation or "-")


def job_about(*, kind: str, subject: str) -> Job | None:
    """The job of a kind about a subject, or None."""
    return Job.objects.filter(kind=kind, subject=subject).first()


def has_due(queue: str) -> bool:
    """Whether a job of ``queue`` is due now."""
    return Job.objects.filter(queue=queue, state=JobState.QUEUED, due_at__lte=Now()).exists()


def due_queues() -> list[str]:
    """The queues in which a job is due now."""
    return [queue for queue in Queue.values if has_due(queue)]


def parked(limit: int = 100) -> list[Job]:
    """Parked jobs, the oldest first."""
    return list(Job.objects.filter(state=JobState.PARKED).order_by("id")[:limit])


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """Open jobs of one kind and state: how many, and when the oldest became due (real time)."""

    kind: str
    state: str
    count: int
    oldest_due_at: datetime


def open_jobs() -> list[OpenJobs]:
    """Open jobs by kind and state."""
    rows = (
        Job.objects.filter(state__in=OPEN_STATES)
        .values_list("kind", "state")
        .annotate(count=Count("id"), oldest=Min("due_at"))
        .order_by("kind", "state")
    )
    return [OpenJobs(*row) for row in rows]


def expired_leases() -> int:
    """How many running jobs have outlived their lease and wait to be recovered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM jobs_job WHERE state = 'running' AND lease_until < now()")
        count: int = cursor.fetchone()[0]
    return count
