"""Rows of append-only tables are sealed in the evidence log: whatever is changed behind the guards is named.

The tables are all that are append-only, so a new one is tried too. A row of any table is forced in with its constraints
dropped; the transaction of the test ends with it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from marketplace.evidence import row_seals
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.row_seals import (
    KIND,
    NOT_SEALED,
    ROWS_A_SEAL,
    SETTLED_AFTER,
    changed_rows,
    seal_rows,
    sealed_tables,
)
from marketplace.kernel.alarms import ALARMS
from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.metrics import GAUGES
from marketplace.kernel.tables import tables_guarded_by
from tests.roles import unguarded

pytestmark = pytest.mark.django_db

VALUES = {
    "bigint": ("1", "2"),
    "numeric": ("1", "2"),
    "integer": ("1", "2"),
    "smallint": ("1", "2"),
    "boolean": ("false", "true"),
    "timestamp with time zone": ("now()", "now() + interval '1 second'"),
    "time without time zone": ("'10:00'", "'11:00'"),
    "date": ("current_date", "current_date + 1"),
    "jsonb": ("'{}'", "'{\"a\": 1}'"),
    "bytea": ("'\\x00'", "'\\x01'"),
    "xid8": ("'1'", "'2'"),
    "text": ("'a'", "'b'"),
    "character varying": ("'a'", "'b'"),
    "ARRAY": ("'{}'", None),
}
"""A value of each type of column, and another; none where no other is of every array's type."""


@pytest.fixture(autouse=True)
def no_rows_yet():
    """Without the row that setting up a market writes."""
    with unguarded("clearing_countedtimeline"):
        run("DELETE FROM clearing_countedtimeline")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def columns_of(table: str) -> list[tuple[str, str]]:
    """The columns of a table that are not generated, with their types."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return cursor.fetchall()


def force_row(table: str, key: int = 1) -> None:
    """A row of a table whose constraints were dropped."""
    columns = columns_of(table)
    values = [str(key) if name == "id" else VALUES[kind][0] for name, kind in columns]
    run(
        f"INSERT INTO {table} ({', '.join(f'{chr(34)}{name}{chr(34)}' for name, _ in columns)})"
        f" OVERRIDING SYSTEM VALUE VALUES ({', '.join(values)})"
    )


def force_rows(table: str, first: int, last: int) -> None:
    """Rows with all keys from ``first`` to ``last``, otherwise as ``force_row`` makes them."""
    columns = columns_of(table)
    values = ["key" if name in ("id", "public_id") else VALUES[kind][0] for name, kind in columns]
    run(
        f"INSERT INTO {table} ({', '.join(f'{chr(34)}{name}{chr(34)}' for name, _ in columns)})"
        f" OVERRIDING SYSTEM VALUE SELECT {', '.join(values)} FROM generate_series({first}, {last}) key"
    )


def drop_constraints(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f', 'x')",
            [table],
        )
        dropped = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index"
            " WHERE indrelid = %s::regclass AND (indpred IS NOT NULL OR indexprs IS NOT NULL)",
            [table],
        )
        reading = [name for (name,) in cursor.fetchall()]
    for name in dropped:
        run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    # An index with a condition reads what it is about: text that is no signed object is nothing to it.
    for name in reading:
        run(f"DROP INDEX IF EXISTS {name}")


def faults(table: str) -> list[str]:
    return [row["fault"] for row in changed_rows([table])]


def changed_by(table: str, statement: str) -> list[str]:
    """What the checker finds after a statement of the owner, which is then undone."""
    with transaction.atomic():
        run(statement)
        found = faults(table)
        transaction.set_rollback(True)
    return found


def test_every_append_only_table_is_sealed_or_says_why_not():
    assert set(sealed_tables()) | set(NOT_SEALED) == set(tables_guarded_by(APPEND_ONLY))
    assert set(sealed_tables()) & set(NOT_SEALED) == set()


@pytest.mark.parametrize("table", sealed_tables())
def test_a_row_that_was_changed_behind_the_guards_is_named(table):
    with unguarded(table):
        drop_constraints(table)
        force_row(table)
        seal_rows(settled_after=timedelta())
        assert seal_rows(settled_after=timedelta()) == 1
        assert faults(table) == []
        for name, kind in columns_of(table):
            other = VALUES[kind][1]
            if other is not None and name != "id":
                assert changed_by(table, f'UPDATE {table} SET "{name}" = {other}'), name
        assert changed_by(table, f"DELETE FROM {table}") == ["1 rows were sealed, and not these 0"]
        assert faults(table) == []
        run(f"DELETE FROM {table}")
        assert [row["table"] for row in REGISTER["evidence.rows_as_sealed"].check()] == [table]


def test_rows_are_sealed_once_in_the_order_of_their_keys():
    table = "rules_decision"
    with unguarded(table):
        drop_constraints(table)
        force_row(table, 5)
        assert seal_rows(settled_after=timedelta()) == 0
        assert seal_rows(settled_after=timedelta()) == 1
        assert seal_rows(settled_after=timedelta()) == 0
        assert faults(table) == []
    seals = list(EvidenceRecord.objects.filter(kind=KIND, subject=table).order_by("id"))
    assert [(row.payload["after"], row.payload["until"], row.payload["seen"]) for row in seals] == [
        (0, 0, 5),
        (0, 5, 5),
    ]


def age_seals(by: timedelta) -> None:
    """The newest seal of every table was made ``by`` earlier."""
    with unguarded("evidence_evidencerecord"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE evidence_evidencerecord SET recorded_at = recorded_at - %s WHERE kind = %s",
            [by, KIND],
        )


def seals_of(table: str) -> list[dict[str, int]]:
    rows = EvidenceRecord.objects.filter(kind=KIND, subject=table).order_by("id")
    return [{name: row.payload[name] for name in ("after", "until", "settled", "seen")} for row in rows]


def lag_of(table: str) -> float:
    return GAUGES["evidence_unsealed_rows_seconds"].samples()[(table,)]


def test_one_run_seals_all_that_is_settled_however_many_records_it_takes():
    """At the delay that production uses: a record that was just written must not stop those after it."""
    table = "rules_decision"
    with unguarded(table):
        drop_constraints(table)
        force_rows(table, 1, 2 * ROWS_A_SEAL + 5)
        assert seal_rows() == 0
        assert 0 <= lag_of(table) < 60
        force_rows(table, 2 * ROWS_A_SEAL + 6, 2 * ROWS_A_SEAL + 9)
        age_seals(timedelta(seconds=SETTLED_AFTER.total_seconds() + 1))
        assert lag_of(table) > SETTLED_AFTER.total_seconds()

        assert seal_rows() == 2 * ROWS_A_SEAL + 5

        # What was written since then waits until every transaction of its time is over.
        assert seal_rows() == 0
        last, seen = 2 * ROWS_A_SEAL + 5, 2 * ROWS_A_SEAL + 9
        assert seals_of(table) == [
            {"after": 0, "until": 0, "settled": 0, "seen": last},
            {"after": 0, "until": ROWS_A_SEAL, "settled": last, "seen": seen},
            {"after": ROWS_A_SEAL, "until": 2 * ROWS_A_SEAL, "settled": last, "seen": seen},
            {"after": 2 * ROWS_A_SEAL, "until": last, "settled": last, "seen": seen},
        ]
        assert lag_of(table) < 60
        age_seals(timedelta(seconds=SETTLED_AFTER.total_seconds() + 1))
        assert (seal_rows(), seal_rows(), lag_of(table), faults(table)) == (4, 0, 0, [])
        assert changed_by(table, f"DELETE FROM {table} WHERE id = {ROWS_A_SEAL + 1}") == [
            f"{ROWS_A_SEAL} rows were sealed, and not these {ROWS_A_SEAL - 1}"
        ]


def test_a_run_ends_with_its_time_and_the_lag_shows_what_it_left(monkeypatch):
    """What is left counts from when the table had come there, however young the last seal is."""
    table = "rules_decision"
    monkeypatch.setattr(row_seals, "ROWS_A_SEAL", 2)
    with unguarded(table):
        drop_constraints(table)
        force_rows(table, 1, 5)
        seal_rows()
        age_seals(timedelta(hours=2))
        assert seal_rows(seconds_max=0) == 0
        # As a run that was ended after one record of this table.
        with transaction.atomic():
            made = row_seals._seal_table(table, SETTLED_AFTER)
        assert (made.rows, made.is_unfinished) == (2, True)
        assert 7200 <= lag_of(table) < 7260
        assert ALARMS["row_sealing_lags"].is_true_of(lag_of(table))
        assert (seal_rows(), lag_of(table), faults(table)) == (3, 0, [])


def test_a_key_that_nobody_took_holds_no_seal_up():
    table = "rules_decision"
    with unguarded(table):
        drop_constraints(table)
        force_row(table, 5)
        seal_rows(settled_after=timedelta())
        run(f"DELETE FROM {table}")
        force_row(table, 9)
        assert [seal_rows(settled_after=timedelta()) for _ in range(3)] == [0, 1, 0]
        assert (lag_of(table), faults(table)) == (0, [])


def test_what_was_written_a_moment_ago_is_left_for_the_next_time():
    """A transaction that took an earlier key may still be writing its row."""
    table = "rules_decision"
    with unguarded(table):
        drop_constraints(table)
        force_row(table, 5)
        assert (seal_rows(), seal_rows()) == (0, 0)
        assert EvidenceRecord.objects.get(kind=KIND, subject=table).payload["seen"] == 5


def test_a_row_that_took_another_key_is_named():
    table = "fixtures_daystep"
    with unguarded(table):
        drop_constraints(table)
        force_row(table, 5)
        seal_rows(settled_after=timedelta())
        seal_rows(settled_after=timedelta())
        run(f"UPDATE {table} SET id = 6")
        assert faults(table) == ["1 rows were sealed, and not these 0"]
