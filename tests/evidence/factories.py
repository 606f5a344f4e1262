"""Records and sealing for the tests of evidence."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, transaction

from marketplace.evidence import services
from marketplace.evidence.queries import count_unsealed
from marketplace.kernel.actors import SYSTEM


def write(*subjects: str) -> None:
    """One record about each subject, in one transaction."""
    with transaction.atomic():
        for subject in subjects:
            services.record(kind="test.happened", subject=subject, actor=SYSTEM, payload={"amount_minor": 5})


def write_many(count: int) -> None:
    """``count`` records by one statement: subjects ``bulk_1``, ``bulk_2``, …"""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)"
            " SELECT 'evi_bulk' || n, 'test.happened', 'bulk_' || n, 'system', jsonb_build_object('n', n), now()"
            " FROM generate_series(1, %s) n",
            [count],
        )


def seal(expected: int) -> int:
    """Seal until ``expected`` records are sealed, within five minutes: so long a transaction of other tests may hold the horizon."""
    sealed, deadline = services.seal(), time.monotonic() + 300
    while sealed < expected and time.monotonic() < deadline:
        time.sleep(0.02)
        sealed += services.seal()
    assert sealed >= expected, (
        f"{expected} records were to be sealed, and {sealed} could be; held by {holders()}"
    )
    return sealed


def holders() -> list[tuple[Any, ...]]:
    """Which transactions hold the horizon: database, state, seconds, and the latest statement of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname, state, extract(epoch FROM now() - xact_start)::integer, left(query, 200) FROM pg_stat_activity"
            " WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start"
        )
        return cursor.fetchall()


def seal_rest() -> None:
    """Seal every record that has no leaf yet."""
    seal(count_unsealed())


def run(statement: str, *arguments: object) -> None:
    """One statement by raw SQL."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
