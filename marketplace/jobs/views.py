"""The API of jobs: participants see theirs; the operator sees all and resolves those that are parked."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import JobFilter
from .models import Job
from .serializers import AbandonInput, JobSerializer


class JobViewSet(MarketReadViewSet[Job]):
    """Jobs of the caller's organisation, with their progress; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = JobSerializer
    filterset_class = JobFilter
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        """Jobs in the caller's scope."""
        return queries.visible_jobs(self.actor)

    @command(summary="Retry a parked job", needs=Permission.SUPPORT_WRITE, response=JobSerializer)
    def retry(self, data: dict[str, Any], public_id: str) -> Job:
        """Queue a parked job again, after the cause is repaired (operator)."""
        return services.retry_parked(actor=self.actor, job=public_id)

    @command(
        summary="Give up a parked job",
        request=AbandonInput,
        response=JobSerializer,
        needs=Permission.SUPPORT_WRITE,
        example={"reason": "The receiver of this mail has left the organisation."},
    )
    def abandon(self, data: dict[str, Any], public_id: str) -> Job:
        """Give up a parked job, with a reason (operator)."""
        return services.abandon_parked(actor=self.actor, job=public_id, **data)
