"""Queries on jobs. Those that a metric reads cost the same at any history: they read partial indexes only."""

from __future__ import annotations

from django.db.models import QuerySet
from django.db.models.functions import Now

from marketplace.kernel.actors import Actor, Role

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


def parked(limit: int = 100) -> list[Job]:
    """Parked jobs, the oldest first."""
    return list(Job.objects.filter(state=JobState.PARKED).order_by("id")[:limit])
