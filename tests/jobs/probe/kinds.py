"""Kinds of jobs for tests: each leaves a line in the file that its arguments name, then does what they say."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.states import Queue
from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.kernel.models import Clock

ENDED: list[str] = []
CLOCK_READINGS: list[datetime] = []
UNENDABLE = "thing_unendable"


def leave_trace(work: Work) -> None:
    """Append one line: which attempt, in which process, in a transaction or not."""
    line = f"{work.subject} {work.attempt} {os.getpid()} {connection.in_atomic_block}\n"
    with Path(work.arguments["trace"]).open("a") as trace:
        trace.write(line)


def do_as_told(work: Work) -> None:
    """Leave a trace, then ``act``: fail, sleep, take memory, be killed, or report progress."""
    leave_trace(work)
    match work.arguments.get("act"):
        case "fail":
            raise ValueError("told to fail")
        case "fail once":
            if work.attempt == 1:
                raise ValueError("told to fail once")
        case "sleep":
            time.sleep(60)
        case "sleep in a statement":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(60)")
        case "go on after any exception":
            for _ in range(8):
                with contextlib.suppress(Exception):
                    time.sleep(1)
        case "fail when it is ended":
            try:
                time.sleep(60)
            finally:
                raise ValueError("told to fail at the end")
        case "take memory":
            held = [b"x" * 20_000_000 for _ in range(40)]
            time.sleep(len(held))
        case "be killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "read the clock while it moves":
            CLOCK_READINGS.append(clock.now())
            Clock.objects.update(business_anchor=CLOCK_READINGS[0] + timedelta(days=2))
            CLOCK_READINGS.append(clock.now())
        case "report":
            work.report_progress(3, 10)


def remember_end(subject: str, arguments: dict[str, object]) -> None:
    """Remember that the job of ``subject`` was parked or abandoned."""
    if subject == UNENDABLE:
        raise ValueError("told to fail at the end")
    ENDED.append(subject)


LABEL = Label("probe", "試験")
PLAIN = JobKind(
    name="probe.plain", queue=Queue.DEFAULT, label=LABEL, run=do_as_told, seconds_max=1, backoff_seconds=(0, 0),
    on_ended=remember_end,
)  # fmt: skip
CAGED = JobKind(
    name="probe.caged", queue=Queue.FILES, label=LABEL, run=do_as_told, seconds_max=5, backoff_seconds=(0,),
    isolated=True, memory_mb_max=400,
)  # fmt: skip
LETTER = JobKind(
    name="probe.letter", queue=Queue.MAIL, label=LABEL, run=do_as_told, seconds_max=5, backoff_seconds=(600,),
    is_abandoned_at_last=True,
)  # fmt: skip
CARD = JobKind(
    name="probe.card", queue=Queue.DOCUMENTS, label=LABEL, run=do_as_told, seconds_max=6, backoff_seconds=(0,),
    together_max=3,
)  # fmt: skip
