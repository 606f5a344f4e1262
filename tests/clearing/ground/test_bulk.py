"""Long arrays in PostgreSQL's binary form, and work on a second connection."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.ground.bulk import copy_columns, fetch_binary
from clearing.ground.parallel import read_in_parallel
from tests.processes import PROJECT
from tests.roles import as_owner

LIMITS = [0, -1, 1, 2**63 - 1, -(2**63), 2**32, -(2**32)]


@pytest.mark.django_db
@pytest.mark.parametrize("times", [1, 100])
def test_short_and_long_arrays_arrive_as_they_were_sent(times):
    numbers = LIMITS * times
    texts = [["", "参加者", "a|b", '"{,}\\'][number % 4] for number in range(len(numbers))]
    places = list(range(len(numbers)))
    mixed = [number if number % 2 else None for number in range(len(numbers))]
    rows = fetch_binary(
        "SELECT * FROM unnest(%b::bigint[], %b::text[], %b::int[], %b::bigint[], %b::bigint[])",
        [numbers, texts, places, [None] * len(numbers), mixed],
    )
    assert rows == list(zip(numbers, texts, places, [None] * len(numbers), mixed, strict=True))


@pytest.mark.django_db
def test_rows_are_copied_as_they_were_given_or_not_at_all():
    columns = {
        "number": ("bigint", LIMITS),
        "name": ("text", ["参加者", "", "\\N", "a\tb", "c\nd", "é", "f"]),
    }
    # The application's role makes no tables.
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copied (number bigint UNIQUE, name text NOT NULL, made_at date DEFAULT now())"
        )
        copy_columns("copied", columns)
        with pytest.raises(IntegrityError), transaction.atomic():
            copy_columns("copied", {"number": ("bigint", [5, 5]), "name": ("text", ["g", "h"])})
        with pytest.raises(IntegrityError), transaction.atomic():
            copy_columns("copied", {"number": ("bigint", [6]), "name": ("text", [None])})
        with pytest.raises(ValueError, match="shorter"), transaction.atomic():
            copy_columns("copied", {"number": ("bigint", [7, 8]), "name": ("text", ["i"])})
        cursor.execute("SELECT number, name FROM copied WHERE made_at IS NOT NULL ORDER BY ctid")
        assert cursor.fetchall() == list(zip(LIMITS, columns["name"][1], strict=True))


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_parallel_work_has_a_connection_of_its_own(committed_database):
    with read_in_parallel(backend) as other:
        assert other() != backend()


@pytest.mark.django_db
def test_work_in_a_transaction_sees_what_it_wrote():
    with read_in_parallel(backend) as other:
        assert other() == backend()


def test_a_failure_in_parallel_is_raised_to_the_caller(committed_database):
    def fail() -> int:
        raise LookupError("nothing there")

    with read_in_parallel(fail) as other, pytest.raises(LookupError, match="nothing there"):
        other()


ALONE = """
import gc
from clearing.ground.parallel import collector_paused

for was_on in (True, False):
    (gc.enable if was_on else gc.disable)()
    try:
        with collector_paused():
            assert not gc.isenabled()
            with collector_paused():
                assert not gc.isenabled()
            assert not gc.isenabled()
            raise LookupError
    except LookupError:
        assert gc.isenabled() is was_on
print("as before")
"""
"""In a process of its own: the collector is the process's, so another thread here may have paused it."""


def test_the_collector_is_afterwards_as_it_was_before():
    run = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=60, cwd=PROJECT
    )
    assert (run.returncode, run.stdout) == (0, "as before\n"), run.stderr
