"""The job that makes the file of activity records."""

from __future__ import annotations

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.states import Queue
from marketplace.kernel import clock
from marketplace.kernel.labels import Label

from .bundle import make_bundle
from .making import fail_records, finish_records, reader_of


def make_records(work: Work) -> None:
    """Make the file, which replaces that of an earlier attempt, and record it."""
    actor = reader_of(work.subject)
    if actor is None:
        return
    made = make_bundle(
        record=work.subject, actor=actor, made_at=clock.now(), report_progress=work.report_progress
    )
    finish_records(record=work.subject, made=made)


MAKE_RECORDS = JobKind(
    name="oversight.make_activity_records",
    queue=Queue.DOCUMENTS,
    label=Label("make the records of activity", "活動記録の作成"),
    run=make_records,
    seconds_max=900,
    backoff_seconds=(10, 60),
    on_ended=fail_records,
)
