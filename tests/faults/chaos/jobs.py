"""A job that kills whatever runs it."""

from __future__ import annotations

import os
import signal

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label


def kill_worker(work: Work) -> None:
    """End the process in which the job runs."""
    os.kill(os.getpid(), signal.SIGKILL)


POISON = JobKind(
    name="chaos.kill_worker",
    queue=Queue.DEFAULT,
    label=Label("poison", "毒"),
    run=kill_worker,
    seconds_max=1,
    backoff_seconds=(0, 0),
)
