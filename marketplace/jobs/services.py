"""Enqueue jobs, start and end their attempts, and resolve those that are parked."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least, Now

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.bounds import ATTEMPTS_CEILING
from marketplace.kernel.correlation import current_request_id
from marketplace.kernel.errors import Missing
from marketplace.kernel.identifiers import new_identifiers
from marketplace.kernel.nudges import send_nudge
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance, advance_all

from .kinds import KINDS, Arguments, JobKind
from .models import ERROR_LENGTH_MAX, Job
from .states import JOB, JobState, Queue
from .turns import next_turn

logger = logging.getLogger(__name__)

DIED = "the worker ended while it ran the job"
RUN_TASK = "marketplace.jobs.tasks.run"
GATHERING_SECONDS = {Queue.MAIL: 0.5}
"""A request to run the jobs of a queue waits so long, so that one run takes what is written meanwhile."""
_BEGINS_AFTER: dict[str, float] = {}
"""Before this moment the run that this process last asked for has not begun, so it takes what is written until then."""
POSTPONED_MAX = 1_000
LOST = Loop("jobs.recover_lost")
# What is left to a worker, after the attempt's own limit, to record the end before it counts as dead.
LEASE_MARGIN_SECONDS = 30
TOGETHER_SECONDS_MAX = 5
"""Of jobs that were started together, none is begun after so long: it is given back, so that another worker can take it."""
UNKNOWN_QUEUED_HOURS, UNKNOWN_LOST_HOURS = 24, 1
"""Beside a newer build, an older one leaves its kinds of jobs alone. After these hours no build that runs knows the kind:
a job that was written so long ago and is queued, and one whose worker has been dead so long."""


# Most handlings queue mail, so this skips the ORM.
_ENQUEUE = """
    INSERT INTO jobs_job (public_id, kind, queue, subject, organisation, arguments, state, attempts, progress_done,
                          progress_total, error, request_id)
    SELECT public_id, %(kind)s, %(queue)s, subject, %(organisation)s, %(arguments)s::jsonb, %(state)s, 0, 0, 0, '',
           %(request_id)s
      FROM unnest(%(public_ids)s::text[], %(subjects)s::text[]) AS job (public_id, subject)
    ON CONFLICT DO NOTHING
"""


_PROGRESS = """
    UPDATE jobs_job SET progress_done = %s, progress_total = %s WHERE id = %s AND run_token = %s
"""


class EnqueuedOutsideTransaction(RuntimeError):
    """A job must be enqueued in the transaction of the change that needs it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One started attempt: the job's key, the token by which only this attempt may end it, and its number."""

    job_id: int
    public_id: str
    kind: JobKind
    token: uuid.UUID
    number: int
    subject: str
    arguments: Arguments
    request_id: str


def enqueue(
    *, kind: JobKind, subject: str, arguments: Arguments | None = None, organisation: str = ""
) -> Job:
    """Write a job in the current transaction and wake a worker of its queue when it commits.

    A job is done once per kind and subject: returns the one that there is, if there is one. ``arguments`` is a JSON
    object without personal data. Raises EnqueuedOutsideTransaction outside ``transaction.atomic``.
    """
    enqueue_all(kind=kind, subjects=[subject], arguments=arguments, organisation=organisation)
    return Job.objects.get(kind=kind.name, subject=subject)


def enqueue_all(
    *, kind: JobKind, subjects: Sequence[str], arguments: Arguments | None = None, organisation: str = ""
) -> None:
    """Write one job per subject, as ``enqueue`` does, in one statement."""
    if not connection.in_atomic_block:
        raise EnqueuedOutsideTransaction(f"{kind.name} {', '.join(subjects[:3])}")
    if not subjects:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _ENQUEUE,
            {
                "kind": kind.name,
                "queue": str(kind.queue),
                "organisation": organisation,
                "arguments": json.dumps(arguments or {}, ensure_ascii=False),
                "state": str(JobState.QUEUED),
                "request_id": current_request_id(),
                "public_ids": new_identifiers("job", len(subjects)),
                "subjects": list(subjects),
            },
        )
    transaction.on_commit(partial(nudge, str(kind.queue)))


def nudge(queue: str) -> None:
    """Ask a worker of ``queue`` to run its jobs, unless one is asked already."""
    now, wait = monotonic(), GATHERING_SECONDS.get(Queue(queue), 0)
    if now < _BEGINS_AFTER.get(queue, 0):
        return
    if send_nudge(RUN_TASK, queue, key=nudge_key(queue), queue=queue, wait_seconds=wait):
        _BEGINS_AFTER[queue] = now + wait


def nudge_key(queue: str) -> str:
    """The cache key that says that a request to run the jobs of ``queue`` waits in the broker."""
    return f"jobs:nudge:{queue}"


@transaction.atomic
def start_due(*, queue: str) -> list[Attempt]:
    """Start attempts at the next due jobs of ``queue`` and commit that they were started; none if no job is due.

    It is one attempt, or up to ``together_max`` of a kind, to run one after the other within ``TOGETHER_SECONDS_MAX``. A
    job that was tried before is started alone, because its worker may have died of it: neighbours must not share that.
    Organisations take turns, so that one which has many jobs waiting delays another's by few. Call it outside a
    transaction: an attempt counts even if its worker dies. Jobs of kinds that this worker does not know are left to a
    newer one, and parked after a day.
    """
    due = due_jobs(queue)
    most = max((kind.together_max for kind in KINDS.values() if kind.queue == queue), default=1)
    jobs = _next_in_turn(due, queue, most)
    if any(job.kind not in KINDS for job in jobs):
        _postpone_unknown(due)
        jobs = _next_in_turn(due.filter(kind__in=KINDS), queue, most)
    if not jobs:
        return []
    kind, token = KINDS[jobs[0].kind], uuid.uuid4()
    alike = [job for job in jobs if job.kind == kind.name and not job.attempts][: kind.together_max]
    started = jobs[:1] if jobs[0].attempts else alike
    seconds = kind.seconds_max + LEASE_MARGIN_SECONDS + (TOGETHER_SECONDS_MAX if len(started) > 1 else 0)
    advance_all(
        Job.objects.filter(pk__in=[job.pk for job in started]),
        JOB,
        command="start",
        role="system",
        attempts=Least(F("attempts"), ATTEMPTS_CEILING - 1) + 1,
        run_token=token,
        lease_until=clock.real_now() + timedelta(seconds=seconds),
        progress_done=0,
        progress_total=0,
    )
    return [
        Attempt(
            job.pk, job.public_id, kind, token, job.attempts + 1, job.subject, job.arguments, job.request_id
        )
        for job in started
    ]


def due_jobs(queue: str) -> QuerySet[Job]:
    """The queued jobs of ``queue`` that may be tried now and that no other worker holds; reading them locks them."""
    return (
        _worked_on()
        .select_for_update(skip_locked=True)
        .filter(queue=queue, state=JobState.QUEUED, due_at__lte=Now())
    )


def _next_in_turn(due: QuerySet[Job], queue: str, most: int) -> list[Job]:
    """Due jobs, at most ``most``: the oldest of the organisation whose turn it is, then the oldest of all. What another
    worker holds is passed over.

    The operator's own jobs are those of one organisation.
    """
    turn = next_turn(queue)
    if not turn.waits:
        return []
    oldest = due.order_by("due_at", "id")
    jobs = [] if turn.organisation is None else list(oldest.filter(organisation=turn.organisation)[:most])
    if len(jobs) < most:
        jobs += oldest.exclude(pk__in=[job.pk for job in jobs])[: most - len(jobs)]
    return jobs


def _postpone_unknown(due: QuerySet[Job]) -> None:
    """Let the oldest jobs of unknown kinds wait a minute, so that they do not stand before the others each time; park
    those for which no newer worker has come."""
    unknown = list(due.exclude(kind__in=KINDS).order_by("due_at", "id")[:POSTPONED_MAX])
    unknown_before = clock.real_now() - timedelta(hours=UNKNOWN_QUEUED_HOURS)
    old = Job.objects.filter(pk__in=[job.pk for job in unknown], created_at__lt=unknown_before)
    old_keys = set(old.values_list("pk", flat=True))
    for job in unknown:
        if job.pk in old_keys:
            _park_unknown(job, f"no worker knows jobs of the kind {job.kind}")
    unknown = [job for job in unknown if job.state == JobState.QUEUED]
    if not unknown:
        return
    kinds = ", ".join(sorted({job.kind for job in unknown}))
    logger.error("%s jobs are of unknown kinds (%s); trying again in a minute", len(unknown), kinds)
    Job.objects.filter(pk__in=[job.pk for job in unknown]).update(
        due_at=clock.real_now() + timedelta(minutes=1)
    )


def _park_unknown(job: Job, reason: str) -> None:
    """Park a job of a kind that no worker knows, so that the operator sees it."""
    logger.error("job %s (%s) is parked: %s", job.public_id, job.kind, reason)
    advance(job, JOB, command="park", role="system", error=reason[:ERROR_LENGTH_MAX], **_NO_LEASE)


def record_progress(*, attempt: Attempt, done: int, total: int) -> None:
    """Record how much of the job is done; does nothing if the attempt is over.

    Within a transaction, a connection of its own records it, so that others see it before the commit.
    """
    total = max(0, total)
    done = min(max(0, done), total) if total else max(0, done)
    values = (done, total, attempt.job_id, attempt.token)
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(_PROGRESS, values)
        return
    try:
        with closing(connection.copy()) as aside, aside.cursor() as cursor:
            cursor.execute(_PROGRESS, values)
    except DatabaseError as error:  # the work goes on without
        logger.warning("the progress of job %s was not recorded: %s", attempt.public_id, error)


def finish(*, attempts: Sequence[Attempt]) -> int:
    """Record, in one statement, that attempts that were started together did their work; returns how many were still
    theirs to end."""
    ended = {"ended_at": clock.real_now(), "error": "", **_NO_LEASE}
    return advance_all(_running(*attempts), JOB, command="finish", role="system", **ended)


def give_back(*, attempts: Sequence[Attempt]) -> int:
    """Queue the jobs of attempts that were started together and not begun again, as if they had not been started; as
    ``finish`` returns."""
    as_before = {"attempts": F("attempts") - 1, **_NO_LEASE}
    return advance_all(_running(*attempts), JOB, command="requeue", role="system", **as_before)


@transaction.atomic
def fail(*, attempt: Attempt, reason: str) -> bool:
    """Record a failed attempt: tried again later, or parked or abandoned after the last; as ``finish`` returns."""
    job = _running(attempt).select_for_update().first()
    if job is None:
        return False
    _end_attempt(job, attempt.kind, reason)
    return True


def recover_lost(*, limit: int = 100) -> int:
    """Count the attempts whose worker died as failed; returns how many. Beat calls it.

    Each in a transaction of its own: one whose end cannot be recorded, because a kind's ``on_ended`` may raise anything,
    stands aside, and the others are recovered. One of an unknown kind is left to a newer worker, and parked after an hour.
    """
    unknown_before = clock.real_now() - timedelta(hours=UNKNOWN_LOST_HOURS)
    lost = Job.objects.filter(
        Q(kind__in=KINDS) | Q(lease_until__lt=unknown_before), state=JobState.RUNNING, lease_until__lt=Now()
    ).exclude(public_id__in=LOST.standing_aside())
    return LOST.each(lost.order_by("lease_until").values_list("public_id", flat=True)[:limit], _recover)


@transaction.atomic
def _recover(public_id: str) -> bool:
    """Count the attempt of one lost job as failed, unless another does."""
    lost = (
        _worked_on().select_for_update(skip_locked=True).filter(state=JobState.RUNNING, lease_until__lt=Now())
    )
    job = lost.filter(public_id=public_id).first()
    if job is None:
        return False
    if job.kind in KINDS:
        _end_attempt(job, KINDS[job.kind], DIED)
    else:
        _park_unknown(job, f"{DIED}, and no worker knows its kind any more")
    return True


_NO_LEASE: dict[str, Any] = {"run_token": None, "lease_until": None}


def _worked_on() -> QuerySet[Job]:
    """Jobs with what working on them needs: no moment, so that one that Python cannot read, forced in by the owner, stops
    no queue."""
    return Job.objects.only(
        "public_id", "kind", "queue", "subject", "arguments", "state", "attempts", "request_id"
    )


def _running(*attempts: Attempt) -> QuerySet[Job]:
    """The jobs while the attempts run, which were started together; none once its lease was taken from it."""
    keys = [attempt.job_id for attempt in attempts]
    return _worked_on().filter(pk__in=keys, run_token=attempts[0].token)


def _end_attempt(job: Job, kind: JobKind, reason: str) -> None:
    """Requeue the job after a failed attempt; park or abandon it after the last."""
    error = reason[:ERROR_LENGTH_MAX]
    if job.attempts < kind.attempts_max:
        pause = kind.backoff_seconds[job.attempts - 1]
        logger.warning(
            "job %s (%s) failed, retry in %s s: %s", job.public_id, kind.name, round(pause), reason
        )
        due_at = clock.real_now() + timedelta(seconds=pause)
        advance(job, JOB, command="requeue", role="system", due_at=due_at, error=error, **_NO_LEASE)
        return
    logger.error("job %s (%s) failed %s times and ends: %s", job.public_id, kind.name, job.attempts, reason)
    if kind.is_abandoned_at_last:
        advance(
            job, JOB, command="abandon", role="system", ended_at=clock.real_now(), error=error, **_NO_LEASE
        )
    else:
        advance(job, JOB, command="park", role="system", error=error, **_NO_LEASE)
    if kind.on_ended is not None:
        kind.on_ended(job.subject, job.arguments)


@transaction.atomic
def retry_parked(*, actor: Actor, job: str) -> Job:
    """Queue a parked job again, with all its attempts, after the operator has repaired the cause. Raises Missing."""
    row = _lock_parked(actor, job)
    advance(row, JOB, command="retry", role="operator", attempts=0, due_at=clock.real_now())
    _record("jobs.retried", row, actor)
    transaction.on_commit(partial(nudge, row.queue))
    return row


@transaction.atomic
def abandon_parked(*, actor: Actor, job: str, reason: str) -> Job:
    """Give a parked job up, with the operator's ``reason``. Raises Missing."""
    row = _lock_parked(actor, job)
    error = f"{row.error}\nabandoned by {actor.identifier}: {reason}"[-ERROR_LENGTH_MAX:]
    advance(row, JOB, command="abandon", role="operator", ended_at=clock.real_now(), error=error)
    _record("jobs.abandoned", row, actor, reason=reason)
    return row


def _record(kind: str, job: Job, actor: Actor, **more: str) -> None:
    """Record who resolved a parked job."""
    payload = {"kind": job.kind, "subject": job.subject, **more}
    record(kind=kind, subject=job.public_id, actor=actor, payload=payload)


def _lock_parked(actor: Actor, job: str) -> Job:
    actor.require(Permission.SUPPORT_WRITE)
    row = Job.objects.select_for_update().filter(public_id=job).first()
    if row is None:
        raise Missing(kind="job", identifier=job)
    return row
