"""The pipe: handlings a second, what a claim costs at 5,000,000 handled entries, and how long events wait for others.

Two worker processes deliver as the task does; a handler writes one row. Every handling is a transaction of its own with its
inbox entry and a durable commit. The database is made for the benchmark, and ``check_invariants`` of events ends it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from . import _databases as databases

DATABASE = "sanpo_pipe"
WORKERS = 2
HANDLED = 5_000_000
PENDING = 100_000
THROUGHPUT = 20_000
BURST = 10_000
LAG_EVENTS, LAG_PER_SECOND = 10_000, 100
SNAPSHOT_SECONDS = 30
SECONDS_MAX = 600
SUBJECTS = 2_000

EMIT = """
    INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at)
    SELECT 'evt_' || lpad((%(tag)s::bigint * 10000000 + n)::text, 26, '0'), %(type)s, 1,
           %(prefix)s || mod(n, %(subjects)s),
           jsonb_build_object('organisation', %(prefix)s || mod(n, %(subjects)s)) || %(more)s::jsonb, now()
      FROM generate_series(1, %(count)s) AS n
"""
# Handled history: rows as the pipe leaves them, written without the guards that would look at each.
HISTORY = """
    INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at)
    SELECT 'evt_' || lpad(n::text, 26, '0'), 'organisation.registered', 1, 'org_' || mod(n, 50000),
           jsonb_build_object('organisation', 'org_' || mod(n, 50000)), now()
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
HISTORY_ENTRIES = """
    INSERT INTO events_inboxentry (event_id, handler, subscriber, subject, state, attempts, handled_at)
    SELECT e.id, 'bench.pipe_probe.handlers.on_written', 'pipe_probe', e.subject, 'handled', 1, now()
      FROM events_outboxevent e WHERE e.id BETWEEN %(first)s AND %(last)s ORDER BY e.id
"""
HISTORY_CHUNK = 500_000
POSITION = """
    INSERT INTO events_relayposition (name, transaction, event_id, events, entries)
    SELECT 'inbox', e.transaction, e.id, %(count)s, %(count)s FROM events_outboxevent e
     ORDER BY e.transaction DESC, e.id DESC LIMIT 1
"""
LAGS = """
    SELECT extract(epoch FROM i.handled_at - e.recorded_at)::float8
      FROM events_inboxentry i JOIN events_outboxevent e ON e.id = i.event_id
     WHERE i.state = 'handled' AND e.id > %(after)s ORDER BY e.id
"""


def main() -> None:
    """Run every part and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--handled", type=int, default=HANDLED)
    parser.add_argument("--lag-events", type=int, default=LAG_EVENTS)
    arguments = parser.parse_args()
    databases.create(DATABASE)
    databases.migrate(DATABASE)
    databases.run("CREATE TABLE bench_probe (id bigserial PRIMARY KEY, event text)", database=DATABASE)
    role = databases.role()
    databases.run(f"GRANT SELECT, INSERT ON bench_probe TO {role}", database=DATABASE)
    databases.run(f"GRANT USAGE ON SEQUENCE bench_probe_id_seq TO {role}", database=DATABASE)
    figures: dict[str, Any] = {}
    with psycopg.connect(databases.named(databases.addresses()[1], DATABASE), autocommit=True) as session:
        for part in (
            lambda: throughput(session),
            lambda: burst(session),
            lambda: lag(session, arguments.lag_events),
            lambda: claims_at_history(session, arguments.handled),
        ):
            figures |= part()
            print(json.dumps(figures), flush=True)
    figures["workers"] = WORKERS
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=2) + "\n")
    databases.drop(DATABASE)


@contextmanager
def workers() -> Iterator[list[subprocess.Popen[str]]]:
    """Two worker processes, ready; they end with the block, whose claims are in ``claims`` of each."""
    program = [sys.executable, "-m", "bench.pipe_probe.worker"]
    environment = databases.environment(DATABASE) | {"LOG_LEVEL": "CRITICAL"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    started = [subprocess.Popen(program, env=environment, text=True, **pipes) for _ in range(WORKERS)]  # type: ignore[call-overload]
    for process in started:
        process.stdout.readline()
    try:
        yield started
    finally:
        for process in started:
            process.stdin.close()


def ends(processes: list[subprocess.Popen[str]]) -> list[float]:
    """End the workers and return the seconds of every claim that gave something."""
    for process in processes:
        process.stdin.close()  # type: ignore[union-attr]
    return [seconds for process in processes for seconds in json.loads(process.stdout.read())]  # type: ignore[union-attr]


def emit(
    session: psycopg.Connection,
    count: int,
    *,
    prefix: str,
    subjects: int = SUBJECTS,
    kind: str = "organisation.registered",
    more: str = "{}",
) -> None:
    """Emit ``count`` events in one transaction, about ``subjects`` subjects whose names begin with ``prefix``."""
    session.execute(
        EMIT,
        {
            "tag": time.time_ns() // 1000 % 10**11,
            "type": kind,
            "count": count,
            "prefix": prefix,
            "subjects": subjects,
            "more": more,
        },
    )


def last_event(session: psycopg.Connection) -> int:
    """The key of the last event."""
    return one(session, "SELECT coalesce(max(id), 0) FROM events_outboxevent")


def one(session: psycopg.Connection, statement: str) -> int:
    """The number that a statement selects."""
    row = session.execute(statement).fetchone()  # type: ignore[arg-type]
    return int(row[0]) if row else 0


def wait_handled(session: psycopg.Connection, count: int) -> float:
    """Wait until the probe has written ``count`` rows; returns the seconds."""
    began = time.perf_counter()
    while one(session, "SELECT count(*) FROM bench_probe") < count:
        if time.perf_counter() - began > SECONDS_MAX:
            raise RuntimeError("the workers did not come to an end")
        time.sleep(0.05)
    return time.perf_counter() - began


def throughput(session: psycopg.Connection) -> dict[str, Any]:
    """Handlings a second of two workers, relaying included."""
    emit(session, THROUGHPUT, prefix="org_throughput_")
    before = one(session, "SELECT count(*) FROM bench_probe")
    with workers() as processes:
        seconds = wait_handled(session, before + THROUGHPUT)
        ends(processes)
    return {"handlings_per_second": round(THROUGHPUT / seconds)}


def burst(session: psycopg.Connection) -> dict[str, Any]:
    """10,000 events at once, and one of another subject a second later."""
    before = one(session, "SELECT count(*) FROM bench_probe")
    with workers() as processes:
        began = time.perf_counter()
        emit(session, BURST, prefix="org_burst_")
        time.sleep(1)
        key = last_event(session)
        emit(session, 1, prefix="org_outside_", subjects=1)
        wait_handled(session, before + BURST + 1)
        drained = time.perf_counter() - began
        ends(processes)
    outside = [row[0] for row in session.execute(LAGS, {"after": key}).fetchall()]
    return {"burst_drain_seconds": round(drained, 1), "outside_burst_lag_ms": round(max(outside) * 1000)}


def lag(session: psycopg.Connection, count: int) -> dict[str, Any]:
    """Events at a steady rate, while one handler always fails and another sleeps in its transaction."""
    before, after = one(session, "SELECT count(*) FROM bench_probe"), last_event(session)
    with workers() as processes:
        emit(
            session,
            50,
            prefix="org_failing_",
            kind="participant.suspended",
            subjects=50,
            more='{"reason_code": "x"}',
        )
        emit(session, 1, prefix="org_sleeping_", kind="participant.reinstated", subjects=1)
        began = time.perf_counter()
        for number in range(count // 10):
            emit(session, 10, prefix=f"org_lag_{number % SUBJECTS}_", subjects=10)
            time.sleep(max(0.0, began + (number + 1) * 10 / LAG_PER_SECOND - time.perf_counter()))
        wait_handled(session, before + count)
        ends(processes)
    lags = [row[0] for row in session.execute(LAGS, {"after": after}).fetchall()]
    sleeper = session.execute(
        "SELECT state, attempts, error FROM events_inboxentry WHERE handler LIKE '%sleeping' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    session.execute("UPDATE events_inboxentry SET state = 'parked' WHERE state = 'pending'")
    return {
        "lag_p95_ms": round(percentile(lags) * 1000),
        "lag_events": len(lags),
        "sleeper": list(sleeper or ()),
    }


def claims_at_history(session: psycopg.Connection, handled: int) -> dict[str, Any]:
    """A claim's p95 while draining 100,000 entries behind ``handled`` handled ones and an old snapshot held open."""
    fill_history(session, handled)
    # What was loaded is written out first: a claim commits durably, and would wait for the load's pages.
    databases.allow_checkpoints()
    databases.run("CHECKPOINT")
    emit(session, PENDING, prefix="org_pending_", subjects=20_000)
    before = one(session, "SELECT count(*) FROM bench_probe")
    with psycopg.connect(databases.named(databases.addresses()[1], DATABASE)) as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM bench_probe")
        with workers() as processes:
            time.sleep(SNAPSHOT_SECONDS)
            done = one(session, "SELECT count(*) FROM bench_probe") - before
            wait_handled(session, before + min(PENDING, 2 * done))
            claims = ends(processes)
    later = claims[len(claims) // 2 :]
    return {
        "claim_p95_ms_at_5m": round(percentile(later) * 1000, 2),
        "claim_p50_ms_at_5m": round(statistics.median(later) * 1000, 2),
        "handled": handled,
        "handlings_per_second_at_5m": round(done / SNAPSHOT_SECONDS),
    }


def fill_history(session: psycopg.Connection, handled: int) -> None:
    """Write handled events and entries; the guards of single rows are off meanwhile, which only the owner may do."""
    first = last_event(session) + 1
    session.execute("ALTER TABLE events_inboxentry DISABLE TRIGGER USER")
    for start in range(first, first + handled, HISTORY_CHUNK):
        bounds = {"first": start, "last": min(start + HISTORY_CHUNK, first + handled) - 1}
        session.execute(HISTORY, bounds)
        session.execute(HISTORY_ENTRIES, bounds)
        print(f"{bounds['last']:,} events", flush=True)
    session.execute("ALTER TABLE events_inboxentry ENABLE TRIGGER USER")
    session.execute("DELETE FROM events_relayposition")
    session.execute(POSITION, {"count": handled})
    for table in ("events_outboxevent", "events_inboxentry"):
        session.execute(f"ANALYZE {table}".encode())


def percentile(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0


if __name__ == "__main__":
    main()
