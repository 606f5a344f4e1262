"""The pipe: handlings a second, what a claim costs at 5,000,000 handled entries, how long events wait for others; sealing.

The market's own worker with its two processes and beat deliver, by the broker. The probe's handler writes one row; every
handling is a transaction of its own with its inbox entry and a durable commit, and all are measured with the handled
history there. The demo's own mix runs in a whole market (``_pipe_mix``), sealing by itself (``_seal``).
``check_invariants`` ends each.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import psycopg

from bench import _databases as databases
from bench import _seal
from bench._pipe_market import (
    DATABASE,
    PIPE,
    SETTINGS,
    commits_durably,
    figures_of,
    fill_history,
    make_database,
    owner,
    processes,
    wait_written,
    written,
)
from marketplace.runtime.layout import PROJECT

HANDLED = 5_000_000
PENDING = 100_000
THROUGHPUT = 20_000
BURST = 10_000
LAG_EVENTS, LAG_PER_SECOND, LAG_EACH = 10_000, 100, 10
FAILING_EVERY = 100
SNAPSHOT_SECONDS = 30
CLAIMS_SECONDS = 20
# The limit of two seconds runs from the beginning of the transaction, shortly before the sleep.
SLEEP_SECONDS_MIN, SLEEP_SECONDS_MAX = 1.9, 3
PARKED_SECONDS_MAX, SLEPT_SECONDS_MAX = 60, 60

EMIT = """
    INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at)
    SELECT 'evt_' || lpad((%(tag)s::bigint * 10000000 + n)::text, 26, '0'), 'organisation.registered', 1,
           %(prefix)s || mod(n, %(subjects)s), jsonb_build_object('organisation', %(prefix)s || mod(n, %(subjects)s)), now()
      FROM generate_series(1, %(count)s) AS n
"""
LAGS = """
    SELECT extract(epoch FROM i.handled_at - e.recorded_at)::float8
      FROM events_inboxentry i JOIN events_outboxevent e ON e.id = i.event_id
     WHERE i.state = 'handled' AND e.id > %(after)s AND i.event_id > %(after)s AND e.subject LIKE %(prefix)s || '%%'
"""
SLEEPER = "SELECT state, attempts, error FROM events_inboxentry WHERE subject = 'org_sleeping'"
SLEPT = "SELECT count(*) FROM jobs_job WHERE kind = 'pipe_probe.sleep' AND state = 'done' AND attempts = 1"
TWICE = "SELECT count(*) - count(DISTINCT event) FROM bench_probe"

Session = psycopg.Connection[tuple[object, ...]]


def main() -> None:
    """Run every part, or those of ``--parts``, and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--handled", type=int, default=HANDLED, help="handled entries in the history")
    parser.add_argument("--records", type=int, default=_seal.RECORDS, help="evidence records in the log")
    parser.add_argument("--lag-events", type=int, default=LAG_EVENTS)
    parser.add_argument(
        "--parts", nargs="+", choices=["seal", "mix", "probe"], default=["seal", "mix", "probe"]
    )
    arguments = parser.parse_args()
    figures: dict[str, Any] = json.loads(arguments.output.read_text()) if arguments.output.exists() else {}
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "seal": lambda: _seal.measure(arguments.records),
        "mix": demo_mix,
        "probe": lambda: probe(arguments.handled, arguments.lag_events),
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    for part in arguments.parts:
        figures |= parts[part]()
        arguments.output.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures), flush=True)


def demo_mix() -> dict[str, Any]:
    """What ``_pipe_mix`` measures, in a process of its own: it is another market."""
    program = [sys.executable, "-m", "bench._pipe_mix"]
    printed = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True).stdout
    answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return answer


def probe(handled: int, lag_events: int) -> dict[str, Any]:
    """The parts with the probe's handlers, in one database with its history."""
    make_database()
    began = time.perf_counter()
    fill_history(handled)
    os.environ.update(databases.environment(DATABASE), **SETTINGS)
    django.setup()
    figures: dict[str, Any] = {
        "workers": PIPE.processes,
        "durable": commits_durably(),
        "handled": handled,
        "fill_seconds": round(time.perf_counter() - began),
    }
    assert figures["durable"], "the server answers commits that are not on disk"
    try:
        with owner() as session:
            parts = (throughput, burst, lambda session: lag(session, lag_events), claims)
            for part in parts:
                print(json.dumps(figures), flush=True)
                figures |= part(session)
            assert number(session, TWICE) == 0, "an event was handled twice"
        program = [sys.executable, str(PROJECT / "manage.py"), "check_invariants"]
        subprocess.run(program, check=True)
    finally:
        disconnect()
    databases.drop(DATABASE)
    return figures


def emit(session: Session, count: int, *, prefix: str, subjects: int) -> None:
    """Emit ``count`` events in one transaction, about subjects whose names begin with ``prefix``, and wake a worker."""
    from marketplace.events.services import nudge  # deferred: Django set up

    tag = time.time_ns() // 1000 % 10**11
    session.execute(EMIT, {"tag": tag, "count": count, "prefix": prefix, "subjects": subjects})
    nudge()


def number(session: Session, statement: str) -> int:
    """The number that a statement selects."""
    row = session.execute(statement.encode()).fetchone()
    assert row is not None
    return int(str(row[0]))


def last_event(session: Session) -> int:
    """The key of the last event."""
    return number(
        session, "SELECT pg_sequence_last_value(pg_get_serial_sequence('events_outboxevent', 'id'))"
    )


def warm(session: Session) -> None:
    """Wait until the processes deliver."""
    before = written(session)
    emit(session, 40, prefix="org_warm_", subjects=20)
    wait_written(session, before + 40)


def throughput(session: Session) -> dict[str, Any]:
    """Handlings a second from the commit of 20,000 events, relaying included."""
    with processes():
        warm(session)
        before, after = written(session), last_event(session)
        emit(session, THROUGHPUT, prefix="org_throughput_", subjects=2_000)
        began = time.perf_counter()
        wait_written(session, before + THROUGHPUT)
        seconds = time.perf_counter() - began
        lags = [
            float(str(row[0])) for row in session.execute(LAGS, {"after": after, "prefix": "org_throughput_"})
        ]
    assert len(lags) == THROUGHPUT
    return {"handlings_per_second": round(THROUGHPUT / seconds)}


def burst(session: Session) -> dict[str, Any]:
    """10,000 events at once, and one of another subject a second later."""
    with processes():
        warm(session)
        before, after = written(session), last_event(session)
        began = time.perf_counter()
        emit(session, BURST, prefix="org_burst_", subjects=2_000)
        time.sleep(1)
        emit(session, 1, prefix="org_outside_", subjects=1)
        wait_written(session, before + BURST + 1)
        drained = time.perf_counter() - began
        outside = [
            float(str(row[0])) for row in session.execute(LAGS, {"after": after, "prefix": "org_outside_"})
        ]
    (waited,) = outside
    return {"burst_drain_seconds": round(drained, 1), "outside_burst_lag_ms": round(waited * 1000)}


def lag(session: Session, count: int) -> dict[str, Any]:
    """Events at a steady rate, while one handler always fails, another sleeps in its transaction, and a job sleeps."""
    from marketplace.events.schemas.participants import (  # deferred: Django set up
        OrganisationRegistered,
        ParticipantReinstated,
        ParticipantSuspended,
    )

    with processes(files=True):
        warm(session)
        before, after = written(session), last_event(session)
        emit_by_service([ParticipantReinstated(organisation="org_sleeping")])
        enqueue_sleep()
        began, failing = time.perf_counter(), 0
        for first in range(0, count, LAG_EACH):
            emit_by_service(
                [
                    OrganisationRegistered(organisation=f"org_lag_{each % 2_000}")
                    for each in range(first, first + LAG_EACH)
                ]
            )
            if first % FAILING_EVERY == 0:
                emit_by_service(
                    [
                        ParticipantSuspended(
                            organisation=f"org_failing_{failing}",
                            suspension="sus_1",
                            kind="breach",
                            reason_code="x",
                        )
                    ]
                )
                failing += 1
            time.sleep(max(0.0, began + (first + LAG_EACH) / LAG_PER_SECOND - time.perf_counter()))
        emitted = time.perf_counter() - began
        wait_written(session, before + count)
        lags = [float(str(row[0])) for row in session.execute(LAGS, {"after": after, "prefix": "org_lag_"})]
        sleeps = wait_parked(session)
        wait_slept(session)
    assert len(lags) == count
    return {
        "lag_p95_ms": round(percentile(lags) * 1000),
        "lag_p50_ms": round(statistics.median(lags) * 1000),
        "lag_max_ms": round(max(lags) * 1000),
        "lag_events": count,
        "lag_per_second": round(count / emitted),
        "lag_failing_events": failing,
        "sleeps_ended_after_seconds": sleeps,
    }


def emit_by_service(events: list[Any]) -> None:
    """Emit events in one transaction, as the market does."""
    from django.db import transaction  # deferred: Django set up

    from marketplace.events.services import emit_all  # deferred: Django set up

    with transaction.atomic():
        emit_all(events)


def enqueue_sleep() -> None:
    """Enqueue the job that sleeps."""
    from django.db import transaction  # deferred: Django set up

    from bench.pipe_probe.jobs import SLEEP  # deferred: Django set up
    from marketplace.jobs.services import enqueue  # deferred: Django set up

    with transaction.atomic():
        enqueue(kind=SLEEP, subject="job_sleep")


def wait_slept(session: Session) -> None:
    """Wait until the job that sleeps is done, at its first attempt."""
    deadline = time.monotonic() + SLEPT_SECONDS_MAX
    while number(session, SLEPT) != 1:
        assert time.monotonic() < deadline, "the job that sleeps did not come to its end"
        time.sleep(0.1)


def wait_parked(session: Session) -> list[float]:
    """Wait until the handler that sleeps is parked; returns the seconds after which each of its sleeps was ended."""
    deadline = time.monotonic() + PARKED_SECONDS_MAX
    while (found := session.execute(SLEEPER).fetchone()) is None or found[0] != "parked":
        assert time.monotonic() < deadline, f"the handler that sleeps is not parked: {found}"
        time.sleep(0.1)
    sleeps = [round(seconds, 2) for (seconds,) in figures_of("sleeps")]
    assert found == ("parked", 3, "TimeLimitExceeded: took longer than 2 seconds and was ended"), found
    assert len(sleeps) == 3, sleeps
    assert all(SLEEP_SECONDS_MIN <= seconds < SLEEP_SECONDS_MAX for seconds in sleeps), sleeps
    return sleeps


def claims(session: Session) -> dict[str, Any]:
    """What claims take while 100,000 pending entries drain, once a snapshot that stays open is 30 s old."""
    emit(session, PENDING + THROUGHPUT, prefix="org_pending_", subjects=20_000)
    with owner() as old:
        old.autocommit = False
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        number(old, "SELECT count(*) FROM bench_probe")
        with processes():
            time.sleep(SNAPSHOT_SECONDS)
            began, before = time.time(), written(session)
            time.sleep(CLAIMS_SECONDS)
            ended, done = time.time(), written(session) - before
    taken = [line for line in figures_of("claims") if began <= line[0] <= ended]
    seconds = [line[1] for line in taken]
    return {
        "claim_p95_ms_at_5m": round(percentile(seconds) * 1000, 2),
        "claim_p50_ms_at_5m": round(statistics.median(seconds) * 1000, 2),
        "claim_max_ms_at_5m": round(max(seconds) * 1000, 2),
        "claims": len(taken),
        "claims_entries": round(sum(line[2] for line in taken)),
        "claims_pending_at_end": number(
            session, "SELECT count(*) FROM events_inboxentry WHERE state = 'pending'"
        ),
        "handlings_per_second_at_old_snapshot": round(done / CLAIMS_SECONDS),
    }


def percentile(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def disconnect() -> None:
    """Close this process's own connections, so that the database can be dropped."""
    from django.db import connections  # deferred: Django set up

    connections.close_all()


if __name__ == "__main__":
    main()
