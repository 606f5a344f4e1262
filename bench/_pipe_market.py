"""The market in which the pipe's benchmark measures: a database with handled history, and the pipe's own processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench import _databases as databases
from bench._running_market import beat_program, start
from marketplace.runtime.programs import WORKERS, worker_program

DATABASE = "sanpo_pipe"
LOGS = databases.FOLDER / "log" / DATABASE
FIGURES = databases.FOLDER / "pipe_probe"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "bench.pipe_probe.settings", "PIPE_PROBE_FOLDER": str(FIGURES)}
PIPE = next(worker for worker in WORKERS if "events" in worker.queues)
FILES = next(worker for worker in WORKERS if "files" in worker.queues)
STOP_SECONDS_MAX = 20
SECONDS_MAX = 300

# Handled history: rows as the pipe leaves them, written without the guards that would look at each.
HISTORY = """
    INSERT INTO events_outboxevent (id, public_id, type, version, subject, data, occurred_at)
    SELECT n, 'evt_' || lpad(n::text, 26, '0'), 'organisation.registered', 1, 'org_' || mod(n, 50000),
           jsonb_build_object('organisation', 'org_' || mod(n, 50000)), now()
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
HISTORY_ENTRIES = """
    INSERT INTO events_inboxentry (id, event_id, handler, subscriber, subject, state, attempts, handled_at)
    SELECT n, n, 'bench.pipe_probe.handlers.on_written', 'pipe_probe', 'org_' || mod(n, 50000), 'handled', 1, now()
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
HISTORY_CHUNK = 250_000
LOADERS = 2
NEXT_KEYS = """
    SELECT setval(pg_get_serial_sequence('events_outboxevent', 'id'), %(last)s::bigint),
           setval(pg_get_serial_sequence('events_inboxentry', 'id'), %(last)s::bigint)
"""
POSITION = """
    INSERT INTO events_relayposition (name, transaction, event_id, events, entries)
    SELECT 'inbox', e.transaction, e.id, %(count)s, %(count)s FROM events_outboxevent e
     ORDER BY e.transaction DESC, e.id DESC LIMIT 1
"""
TABLES = ("events_outboxevent", "events_inboxentry")


def make_database() -> None:
    """Make the database anew, with the table in which the probe writes."""
    databases.create(DATABASE)
    databases.migrate(DATABASE)
    databases.run("CREATE TABLE bench_probe (id bigserial PRIMARY KEY, event text)", database=DATABASE)
    role = databases.role()
    databases.run(f"GRANT SELECT, INSERT ON bench_probe TO {role}", database=DATABASE)
    databases.run(f"GRANT USAGE ON SEQUENCE bench_probe_id_seq TO {role}", database=DATABASE)
    shutil.rmtree(FIGURES, ignore_errors=True)
    for folder in (FIGURES, LOGS):
        folder.mkdir(parents=True, exist_ok=True)


def owner() -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the tables' owner, which commits each statement."""
    return psycopg.connect(databases.named(databases.addresses()[1], DATABASE), autocommit=True)


def commits_durably() -> bool:
    """Whether a commit of the application's role is on disk before it is answered."""
    url = databases.named(databases.addresses()[0], DATABASE)
    with psycopg.connect(url) as session:
        found = [
            session.execute(f"SHOW {name}".encode()).fetchone() for name in ("fsync", "synchronous_commit")
        ]
    return found == [("on",), ("on",)]


def fill_history(handled: int) -> None:
    """Write ``handled`` handled events and entries, by some sessions at once.

    The guards of single rows are off meanwhile, which only the owner may do. What was loaded is vacuumed and written out
    at the end, as it is in a market whose history grew slowly.
    """
    with owner() as session:
        for table in TABLES:
            session.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        starts = iter(range(1, handled + 1, HISTORY_CHUNK))
        lock = threading.Lock()

        def load() -> None:
            with owner() as loader:
                while True:
                    with lock:
                        first = next(starts, None)
                    if first is None:
                        return
                    bounds = {"first": first, "last": min(first + HISTORY_CHUNK - 1, handled)}
                    loader.execute(HISTORY, bounds)
                    loader.execute(HISTORY_ENTRIES, bounds)

        loaders = [threading.Thread(target=load) for _ in range(LOADERS)]
        for thread in loaders:
            thread.start()
        for thread in loaders:
            thread.join()
        for table in TABLES:
            session.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        session.execute(NEXT_KEYS, {"last": handled})
        session.execute(POSITION, {"count": handled})
        session.execute("VACUUM (ANALYZE) " + ", ".join(TABLES))
    databases.allow_checkpoints()
    databases.run("CHECKPOINT")


@contextmanager
def processes(*, files: bool = False) -> Iterator[None]:
    """The pipe's worker with its two processes, beat, and the worker of files if it is wanted."""
    started = [start(PIPE.name, worker_program(PIPE), LOGS), start("beat", beat_program(LOGS), LOGS)]
    if files:
        started.append(start(FILES.name, worker_program(FILES), LOGS, niceness=FILES.niceness))
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process that was told to has ended, then end what is left of its group."""
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS_MAX)


def written(session: psycopg.Connection[tuple[object, ...]]) -> int:
    """How many rows the probe has written; by the sequence, so that asking costs the same at any size."""
    row = session.execute("SELECT coalesce(pg_sequence_last_value('bench_probe_id_seq'), 0)").fetchone()
    assert row is not None
    return int(str(row[0]))


def wait_written(session: psycopg.Connection[tuple[object, ...]], count: int) -> None:
    """Wait until the probe has written ``count`` rows in all; raises TimeoutError."""
    deadline = time.monotonic() + SECONDS_MAX
    while written(session) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{written(session)} of {count} were handled after {SECONDS_MAX} s")
        time.sleep(0.05)


def figures_of(name: str) -> list[list[float]]:
    """The lines of numbers that the processes wrote under a name."""
    return [
        [float(number) for number in line.split()]
        for path in sorted(Path(FIGURES).glob(f"{name}-*"))
        for line in path.read_text(encoding="ascii").splitlines()
    ]
