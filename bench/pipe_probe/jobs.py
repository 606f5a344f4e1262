"""The job of the pipe's benchmark: it sleeps."""

from __future__ import annotations

import time

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

SLEEP_SECONDS = 30


def sleep(_work: Work) -> None:
    """Take long."""
    time.sleep(SLEEP_SECONDS)


SLEEP = JobKind(
    name="pipe_probe.sleep",
    queue=Queue.FILES,
    label=Label("sleep", "待機"),
    run=sleep,
    seconds_max=120,
    backoff_seconds=(5,),
)
