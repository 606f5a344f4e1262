"""Run due jobs: each attempt outside transactions, within its limits, and what ends it recorded."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import monotonic

from django.db import close_old_connections, connection

from marketplace.kernel import correlation
from marketplace.kernel.interruption import TimeLimitExceeded, interrupt_after, limit_exceeded_in

from .isolation import run_isolated
from .kinds import Work
from .services import (
    TOGETHER_SECONDS_MAX,
    Attempt,
    fail,
    finish,
    give_back,
    record_progress,
    start_due,
)

logger = logging.getLogger(__name__)

PROGRESS_SECONDS_MIN = 0.5


def run_due(queue: str, *, seconds: float = 60.0) -> int:
    """Run due jobs of ``queue`` one after the other until none is due or ``seconds`` have passed; returns how many."""
    ends_at = monotonic() + seconds
    count = 0
    while monotonic() < ends_at and (attempts := start_due(queue=queue)):
        count += run_together(attempts)
    return count


def run_together(attempts: Sequence[Attempt]) -> int:
    """Run attempts that were started together in turn, and record how each ended; returns how many were made.

    What is not begun within ``TOGETHER_SECONDS_MAX`` is given back. Those that did their work are recorded at the end: if
    the worker dies before, a job is run twice, which every job stands.
    """
    began = monotonic()
    left, done = list(attempts), []
    try:
        while left and monotonic() - began <= TOGETHER_SECONDS_MAX:
            attempt = left.pop(0)
            if run_attempt(attempt):
                done.append(attempt)
    finally:
        if done:
            finish(attempts=done)
        if left:
            give_back(attempts=left)
    return len(attempts) - len(left)


def run_attempt(attempt: Attempt) -> bool:
    """Run one started attempt, in a process of its own if its kind is isolated, and record its failure.

    Returns whether it did its work, which the caller records.
    """
    kind = attempt.kind
    names = {"job_id": attempt.public_id, "attempt": attempt.number, "request_id": attempt.request_id}
    with correlation.course("job", kind.name, **names) as under_way:
        try:
            if kind.isolated:
                run_isolated(
                    lambda: run_here(attempt),
                    seconds_max=kind.seconds_max,
                    memory_mb_max=kind.memory_mb_max or 0,
                )
            else:
                with interrupt_after(kind.seconds_max):
                    run_here(attempt)
        # A job may raise anything; the failure is recorded and the job tried again.
        except (Exception, TimeLimitExceeded) as error:
            overrun = limit_exceeded_in(error)
            under_way.fail(error)
            logger.warning("job %s (%s) failed", attempt.public_id, kind.name, exc_info=error)
            if not connection.in_atomic_block:
                # What failed may be the connection itself: the end is recorded on one that works.
                close_old_connections()
                if overrun is not None:
                    # It may have been in the middle of a statement.
                    connection.close()
            told = overrun or error
            fail(attempt=attempt, reason=f"{type(told).__name__}: {told}")
            return False
    return True


def run_here(attempt: Attempt) -> None:
    """Call the kind's function in this process; raises what it raises."""
    reported_at = 0.0
    if not isinstance(attempt.arguments, dict):
        raise TypeError(f"the arguments are no JSON object: {attempt.arguments}")

    def report_progress(done: int, total: int) -> None:
        nonlocal reported_at
        if done >= total > 0 or monotonic() - reported_at >= PROGRESS_SECONDS_MIN:
            reported_at = monotonic()
            record_progress(attempt=attempt, done=done, total=total)

    attempt.kind.run(
        Work(
            job=attempt.public_id,
            subject=attempt.subject,
            arguments=attempt.arguments,
            attempt=attempt.number,
            report_progress=report_progress,
        )
    )
