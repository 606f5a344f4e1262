"""The register of old rows that leave: each kind with the function that takes them away, a few at a time.

How long each kind stays, and why, is one table in the settings: ``RETENTION``. Applications declare what they let go
in ``retention.py``; the owner's command ``archive_old_rows`` runs them. Evidence, the ledger and agreements have no entry.

A legal hold (``oversight.holds``) stops every deletion of rows that it knows by their names or their moment; ``HeldRows`` says
of each table which these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

OLD_ROWS: dict[str, OldRows] = {}
HELD: dict[str, HeldRows] = {}
"""Tables from which rows leave unless a legal hold knows them."""
CHUNK = 1_000
LOCK_SECONDS_MAX = 2


@dataclass(frozen=True)
class OldRows:
    """Rows of one kind. ``remove`` takes away what is older than an instant (real time) and returns how many rows; it
    returns 0 when nothing is left, and holds no lock longer than a moment. ``not_held``: why no legal hold stops it."""

    name: str
    remove: Callable[[datetime], int]
    not_held: str = ""

    def __post_init__(self) -> None:
        """Register the kind; raises ValueError if the name is taken."""
        if self.name in OLD_ROWS:
            raise ValueError(f"old rows {self.name} are declared twice")
        OLD_ROWS[self.name] = self


@dataclass(frozen=True)
class HeldRows:
    """How a legal hold knows the rows of a table: public identifiers that a row is about, and its moment, in SQL.

    ``{row}`` in them is the row. ``is_guarded``: the database refuses the deletion of a held row to everybody; not where rows
    are also deleted while somebody works on them.
    """

    names: tuple[str, ...]
    moment: str
    is_guarded: bool = True

    def names_of(self, row: str) -> str:
        """The identifiers as an SQL array; those that are not known are NULL."""
        return f"ARRAY[{', '.join(f'({name})::text' for name in self.names)}]".replace("{row}", row)

    def moment_of(self, row: str) -> str:
        """The moment in SQL."""
        return self.moment.replace("{row}", row)


def by_statement(
    table: str, condition: str, *, guard: str | None = None, held: HeldRows | None = None
) -> Callable[[datetime], int]:
    """Removes the rows of ``table`` for which ``condition`` holds, ``CHUNK`` at a time; ``%(before)s`` in it is the instant.

    ``guard`` is the trigger that keeps the rows from everybody else. ``held``: how a legal hold knows the rows, which stay
    then; without it the kind says why none does (``OldRows.not_held``).
    """
    if held is not None:
        HELD[table] = held
        condition = f"({condition}) AND NOT public.is_held({held.names_of(table)}, {held.moment_of(table)})"
    return _Walk(table, condition, guard)


class _Walk:
    """Removes old rows of a table in the order of their keys, and goes on where the last chunk ended.

    Each chunk that began at the table's start would read what the chunks before it left behind, until a vacuum. A row that
    becomes old behind the walk leaves in the next, which begins when nothing is left or the instant is another.
    """

    def __init__(self, table: str, condition: str, guard: str | None) -> None:
        """Nothing is walked yet."""
        self._table, self._guard = table, guard
        # Looked for without a lock: in a large table with nothing old this reads all of it.
        self._find = (
            f"SELECT id FROM {table} WHERE id > %(after)s AND ({condition}) ORDER BY id LIMIT %(chunk)s"  # noqa: S608
        )
        self._delete = f"DELETE FROM {table} WHERE id = ANY (%(found)s) AND ({condition})"  # noqa: S608  our own words
        self._before: datetime | None = None
        self._after = 0

    def __call__(self, before: datetime) -> int:
        """Remove the next chunk of what is older than ``before``; returns how many rows, 0 when nothing is left."""
        if before != self._before:
            self._before, self._after = before, 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(self._find, {"before": before, "after": self._after, "chunk": CHUNK})
                found = [key for (key,) in cursor.fetchall()]
            if not found:
                self._before = None
                return 0
            with transaction.atomic(), connection.cursor() as cursor, _guard_open(self._table, self._guard):
                cursor.execute(self._delete, {"before": before, "found": found})
                removed = int(cursor.rowcount)
            self._after = found[-1]
            if removed:
                return removed


@contextmanager
def _guard_open(table: str, guard: str | None) -> Iterator[None]:
    """Disable a guard of ``table`` within the current transaction, while nobody else writes to it. Only its owner may."""
    if guard is None:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS_MAX}s'")
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
            [table, f"pgtrigger_{guard}_%"],
        )
        (name,) = cursor.fetchone()
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield
        # Of a table that others refer to, the deletion is checked at the end; a table with pending checks is not altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
