"""Seals the rows of append-only tables in the evidence log, so that a row changed by hand is found.

A guard refuses a change by the application, not by the owner of the tables. The log is a tree whose roots are signed and
kept elsewhere; a record of it that has the hash of other rows lets nobody change those rows unseen. Records
``evidence.rows_sealed`` are about a table each. Each goes on where the one before ended (``until``), and states how far
the table had come (``seen``). A later one may seal up to there (``settled``), because by then every transaction that could
still write such a row is over; those that follow it at once go on to the same place.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.limits import TRANSACTION_SECONDS_MAX
from marketplace.kernel.tables import tables_guarded_by

from .locks import ROW_SEAL_LOCK
from .models import EvidenceRecord
from .services import record

KIND = "evidence.rows_sealed"
ROWS_A_SEAL = 20_000
"""Rows that one record seals, so that its transaction ends within a second."""
SEAL_SECONDS_MAX = 60.0
"""Time after which a run begins no further seal; well below the limit on a task's time, and the next run goes on."""
SETTLED_AFTER = timedelta(seconds=4 * TRANSACTION_SECONDS_MAX)
"""Real time after which every transaction that may have taken a key is over."""

NOT_SEALED = {
    "evidence_evidencerecord": "The log itself, which its own tree seals.",
    "evidence_leaf": "The log itself, which its own tree seals.",
    "evidence_recordparty": "Derived from the records and the rows that they are about, as check_invariants does anew.",
    "evidence_checkpoint": "The log itself, whose checkpoints are signed.",
    "evidence_cosignature": "Each is signed by its witness; sealing them would make every checkpoint need the next.",
    "events_outboxevent": "Ranges leave for the archive, with their hashes (``events_archivedrange``).",
    "documents_sealeddocument": "Files, each of whose hashes a record of its making states.",
    "documents_rendereddocument": "Renderings leave, and are made again from what is sealed.",
}
"""Append-only tables whose rows this does not seal, with the reason."""


class _Seal(NamedTuple):
    """What a record states: the rows with keys above ``after`` up to ``until``, and the columns that were hashed.

    ``settled``: the key up to which rows may be sealed, and ``settled_at`` when the table had come there; ``until`` is below
    it where one record was not enough. ``seen``: the table's newest key.
    """

    after: int
    until: int
    settled: int
    settled_at: str
    seen: int
    rows: int
    columns: list[str]
    sha256: str

    @property
    def is_unfinished(self) -> bool:
        """Whether rows that may be sealed are left."""
        return self.until < self.settled


def sealed_tables() -> list[str]:
    """The tables whose rows are sealed, sorted."""
    return [table for table in tables_guarded_by(APPEND_ONLY) if table not in NOT_SEALED]


def seal_rows(*, settled_after: timedelta = SETTLED_AFTER, seconds_max: float = SEAL_SECONDS_MAX) -> int:
    """Seal what is new in every table, in a transaction each time; returns how many rows were sealed.

    One sealer works at a time. It seals up to where a table had come ``settled_after`` ago or earlier, at an earlier seal,
    and begins no further seal after ``seconds_max``. The tables take turns, in another order each time, so that one which
    grows fast leaves time for the others.
    """
    deadline, sealed = time.monotonic() + seconds_max, 0
    waiting = sealed_tables()
    random.shuffle(waiting)
    while waiting and time.monotonic() < deadline:
        table = waiting.pop(0)
        made = _seal_table(table, settled_after)
        if made is not None:
            sealed += made.rows
            if made.is_unfinished:
                waiting.append(table)
    return sealed


@transaction.atomic
def _seal_table(table: str, settled_after: timedelta) -> _Seal | None:
    """The next seal of a table; None if there is nothing to state."""
    if not ROW_SEAL_LOCK.try_acquire():
        return None
    newest = _newest_seal(table)
    before = _Seal(**newest.payload) if newest else _Seal(0, 0, 0, "", 0, 0, [], "")
    settled, settled_at = before.settled, before.settled_at
    if (
        newest is not None
        and not before.is_unfinished
        and newest.recorded_at < clock.real_now() - settled_after
    ):
        settled, settled_at = before.seen, newest.recorded_at.isoformat()
    columns = _columns(table)
    last, rows, sha256 = _digest(table, columns, before.until, settled)
    until = last if rows == ROWS_A_SEAL else settled
    made = _Seal(before.until, until, settled, settled_at, _newest_key(table), rows, columns, sha256)
    if made.until == before.until and made.seen == before.seen:
        return None
    record(kind=KIND, subject=table, actor=SYSTEM, payload=made._asdict())
    return made


def _newest_seal(table: str) -> EvidenceRecord | None:
    return EvidenceRecord.objects.filter(kind=KIND, subject=table).order_by("id").last()


def seal_lags() -> dict[tuple[str, ...], float]:
    """Table → seconds for which its rows have waited to be sealed, at most: since it was known to have come that far.

    Two queries, whatever the tables hold. 0 for a table without such rows; in a table that was never sealed they count
    from the first record of the log.
    """
    tables = sealed_tables()
    newest_keys = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {name}::text AS name, (SELECT max({key}) FROM {table}) AS newest").format(
            name=sql.Literal(table), key=sql.Identifier(_key(table)), table=sql.Identifier(table)
        )
        for table in tables
    )
    statement = sql.SQL(
        "SELECT t.name, CASE WHEN coalesce(t.newest, 0) <= coalesce((s.payload ->> 'until')::bigint, 0) THEN 0 ELSE"
        " greatest(extract(epoch FROM clock_timestamp() - CASE"
        "  WHEN (s.payload ->> 'until')::bigint < (s.payload ->> 'settled')::bigint"
        "  THEN (s.payload ->> 'settled_at')::timestamptz"
        "  ELSE coalesce(s.recorded_at, (SELECT e.recorded_at FROM evidence_evidencerecord e ORDER BY e.id LIMIT 1))"
        " END), 0) END"
        " FROM ({newest_keys}) t LEFT JOIN LATERAL ("
        "  SELECT e.payload, e.recorded_at FROM evidence_evidencerecord e"
        "   WHERE e.kind = {kind} AND e.subject = t.name ORDER BY e.id DESC LIMIT 1) s ON true"
    ).format(newest_keys=newest_keys, kind=sql.Literal(KIND))
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {(str(name),): float(seconds or 0) for name, seconds in cursor.fetchall()}


def changed_rows(tables: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
    """The seals of ``tables`` (default: all) from which their rows differ now, and those that do not follow each other."""
    for table in sealed_tables() if tables is None else tables:
        ended = 0
        for found in EvidenceRecord.objects.filter(kind=KIND, subject=table).order_by("id").iterator():
            seal = _Seal(**found.payload)
            fault = {"table": table, "after": seal.after, "until": seal.until}
            if seal.after != ended:
                yield {**fault, "fault": f"does not go on from {ended}"}
            ended = seal.until
            if missing := set(seal.columns) - set(_columns(table)):
                yield {**fault, "fault": f"columns are gone: {', '.join(sorted(missing))}"}
            elif seal.rows:
                _, rows, sha256 = _digest(table, seal.columns, seal.after, seal.until, whole=True)
                if (rows, sha256) != (seal.rows, seal.sha256):
                    yield {**fault, "fault": f"{seal.rows} rows were sealed, and not these {rows}"}
            elif _newest_key(table, above=seal.after, until=seal.until) > seal.after:
                yield {**fault, "fault": "rows were added"}


def _columns(table: str) -> list[str]:
    return sorted(str(field.column) for field in _model(table)._meta.concrete_fields)


def _model(table: str) -> type[models.Model]:
    return next(model for model in apps.get_models() if model._meta.db_table == table)


def _digest(
    table: str, columns: list[str], after: int, until: int, *, whole: bool = False
) -> tuple[int, int, str]:
    """Last key, number and hash of the rows with keys above ``after`` up to ``until``: the first ones, or the ``whole``.

    The hash is over the hashes of the rows, in the order of their keys, each as PostgreSQL writes a row of ``columns``.
    """
    key = sql.Identifier(_key(table))
    statement = sql.SQL(
        "SELECT coalesce(max(key), {after}), count(*),"
        " encode(sha256(coalesce(string_agg(sha256(convert_to(content, 'UTF8')), ''::bytea ORDER BY key), ''::bytea)),"
        "  'hex')"
        " FROM (SELECT {key} AS key, ROW({columns})::text AS content FROM {table}"
        "  WHERE {key} > {after} AND {key} <= {until} ORDER BY {key} LIMIT {limit}) sealed"
    ).format(
        key=key,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        table=sql.Identifier(table),
        after=sql.Literal(after),
        until=sql.Literal(until),
        limit=sql.SQL("ALL") if whole else sql.Literal(ROWS_A_SEAL),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        last, rows, digest = cursor.fetchone()
    return int(last), int(rows), str(digest)


def _newest_key(table: str, *, above: int = 0, until: int | None = None) -> int:
    key = sql.Identifier(_key(table))
    bounded = sql.SQL("") if until is None else sql.SQL(" AND {} <= {}").format(key, sql.Literal(until))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT coalesce(max({key}), {above}) FROM {table} WHERE {key} > {above}{bounded}"
            ).format(key=key, above=sql.Literal(above), table=sql.Identifier(table), bounded=bounded)
        )
        return int(cursor.fetchone()[0])


def _key(table: str) -> str:
    return str(_model(table)._meta.pk.column)
