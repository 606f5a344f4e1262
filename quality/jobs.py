"""Jobs of quality."""

from __future__ import annotations

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

from . import queries, services


def measure(work: Work) -> None:
    """Measure the version that the job is about, unless an earlier attempt did."""
    if queries.profile_of(work.subject) is None:
        services.measure_version(listing_version=work.subject, report_progress=work.report_progress)


MEASURE = JobKind(
    name="quality.measure_version",
    queue=Queue.FILES,
    label=Label("measure the quality of a listing version", "データ品質の測定"),
    run=measure,
    seconds_max=900,
    memory_mb_max=3_000,
    backoff_seconds=(5, 60),
    isolated=True,
)
