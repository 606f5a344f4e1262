"""Records and sealing for the tests of evidence."""

from __future__ import annotations

import time

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
    assert sealed >= expected, f"{expected} records were to be sealed, and {sealed} could be"
    return sealed


def seal_rest() -> None:
    """Seal every record that has no leaf yet."""
    seal(count_unsealed())


def run(statement: str, *arguments: object) -> None:
    """One statement by raw SQL."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
