"""Jobs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import AttemptsField, BoundedJSONField, MomentField
from marketplace.kernel.correlation import current_request_id
from marketplace.kernel.guards import immutable, no_delete, own_key, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from .states import JOB, JobState, Queue

ERROR_LENGTH_MAX = 2_000


class Job(models.Model):
    """A piece of work outside transactions, written in the transaction that needs it.

    ``attempts`` counts attempts as they start: it is committed before the work begins. While one runs, ``run_token``
    names it and ``lease_until`` (real time) is when its worker counts as dead. ``organisation`` is the public identifier
    of the organisation that may see the job, or empty for the operator's alone. ``progress_total`` 0: not known.
    ``request_id``: the request in whose course it was written, if there is one; logs and traces name it.

    Invariants: of one kind and subject there is one job; a job runs if and only if it has a lease; a job that is over
    has its end; what a job is about never changes;
    its key is drawn from the sequence, so that it takes none of a later job.
    """

    public_id = IdentifierField(prefix="job")
    kind = models.CharField(max_length=60)
    queue = models.CharField(max_length=10, choices=Queue.choices)
    subject = models.CharField(max_length=60)
    organisation = models.CharField(max_length=IDENTIFIER_LENGTH, default="", blank=True)
    arguments = BoundedJSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempts = AttemptsField(default=0)
    created_at = MomentField(db_default=Now())
    due_at = MomentField(db_default=Now())
    run_token = models.UUIDField(null=True)
    lease_until = MomentField(null=True)
    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(default=0)
    ended_at = MomentField(null=True)
    error = models.TextField(default="", blank=True)
    request_id = models.CharField(max_length=64, default=current_request_id, db_default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="job_once"),
            models.CheckConstraint(
                condition=Q(state="running", run_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(run_token__isnull=True, lease_until__isnull=True)),
                name="job_runs_by_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("done", "abandoned"), ended_at__isnull=False)
                | (~Q(state__in=("done", "abandoned")) & Q(ended_at__isnull=True)),
                name="job_ended_when",
            ),
            models.CheckConstraint(
                condition=Q(progress_done__gte=0, progress_total__gte=0)
                & (Q(progress_total=0) | Q(progress_done__lte=F("progress_total"))),
                name="job_progress",
            ),
        ]
        indexes = [
            models.Index("queue", "due_at", "id", name="job_queued", condition=Q(state="queued")),
            models.Index(
                "queue", "organisation", "due_at", "id", name="job_in_turn", condition=Q(state="queued")
            ),
            models.Index("lease_until", name="job_running", condition=Q(state="running")),
            models.Index("id", name="job_parked", condition=Q(state="parked")),
            models.Index(fields=["organisation", "-id"], name="job_of_organisation"),
        ]
        triggers = [
            own_key(),
            state_guard(JOB),
            no_delete(),
            immutable(
                "public_id",
                "kind",
                "queue",
                "subject",
                "organisation",
                "arguments",
                "created_at",
                "request_id",
            ),
        ]
