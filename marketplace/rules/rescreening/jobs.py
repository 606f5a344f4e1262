"""The job that evaluates everybody who is admitted under a new rulebook."""

from __future__ import annotations

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

from .screening import rescreen


def _run(work: Work) -> None:
    """Re-screen under the rulebook that the job is about."""
    rescreen(work.subject, work.report_progress)


RESCREEN = JobKind(
    name="rules.rescreen",
    queue=Queue.DOCUMENTS,
    label=Label("evaluate admissions under the new rulebook", "新規程による参加承認の再判定"),
    run=_run,
    seconds_max=540,
    backoff_seconds=(10, 60, 600),
)
