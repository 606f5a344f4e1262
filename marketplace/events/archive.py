"""Moves old ranges of events, in which all is handled or abandoned, into files, and their tables out of the database.

A range becomes two files of comma-separated values, compressed, with a header: one of its events, one of their inbox
entries. ``gzip -dc FILE | psql -c "COPY TABLE FROM STDIN CSV HEADER"`` reads one back into a table made
``LIKE events_outboxevent``. Files are written first, under their final name only when they are whole; the register and the
end of the tables are one transaction after it, so ending this at any moment loses nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from marketplace.kernel.outside import require_no_transaction

from .models import ArchivedRange, InboxEntry, OutboxEvent
from .partitions import LOCK_SECONDS_MAX, Range, last_key, ranges
from .relaying import RELAY

READ_BYTES = 1 << 20

# Its youngest event is old; and nothing of it can still be emitted, relayed or handled.
MAY_LEAVE = f"""
    SELECT max(e.recorded_at) < %(before)s,
           bool_and((e.transaction, e.id) <= (p.transaction, p.event_id))
           AND NOT EXISTS (SELECT FROM events_inboxentry i
                            WHERE i.state <> 'handled' AND i.state <> 'abandoned'
                              AND i.event_id >= %(first)s AND i.event_id < %(end)s)
      FROM events_outboxevent e LEFT JOIN events_relayposition p ON p.name = '{RELAY}'
     WHERE e.id >= %(first)s AND e.id < %(end)s
"""  # noqa: S608  our own words


def archive_oldest(before: datetime) -> int:
    """Archive the oldest range of which all events were recorded ``before`` an instant and are handled or abandoned.

    A range that something holds stays, and no later one waits for it. Returns the number of events that left; 0 if none
    may leave. Run as the owner.
    """
    oldest = _oldest_to_leave(before)
    if oldest is None:
        return 0
    folder = Path(settings.ARCHIVE_DIRECTORY)
    folder.mkdir(parents=True, exist_ok=True)
    events_file, entries_file = (folder / f"{table}.csv.gz" for table in (oldest.outbox, oldest.inbox))
    events_sha256 = write_table(oldest.outbox, events_file)
    entries_sha256 = write_table(oldest.inbox, entries_file)
    return _let_go(oldest, (events_file.name, events_sha256), (entries_file.name, entries_sha256))


def _oldest_to_leave(before: datetime) -> Range | None:
    last = last_key()
    with connection.cursor() as cursor:
        for each in ranges():
            if each.end > last:
                break
            cursor.execute(MAY_LEAVE, {"before": before, "first": each.first, "end": each.end})
            is_old, is_over = cursor.fetchone()
            if is_old and is_over:
                return each
            if is_old is False:
                # Later ranges are younger. An empty one, whose keys nobody got, stays and stops nothing.
                break
    return None


def write_table(table: str, file: Path) -> str:
    """Write the rows of a table to a compressed file, by key; returns the SHA-256 of the file as hexadecimal digits."""
    require_no_transaction("writing a range of events to a file")
    partial = file.with_suffix(".partial")
    with partial.open("wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed, connection.cursor() as cursor:
            statement = f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT (FORMAT csv, HEADER)"  # noqa: S608
            with cursor.copy(statement) as rows:
                for block in rows:
                    packed.write(block)
        raw.flush()
        os.fsync(raw.fileno())
    digest = hashlib.sha256()
    with partial.open("rb") as written:
        while block := written.read(READ_BYTES):
            digest.update(block)
    partial.rename(file)
    _sync_folder(file.parent)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Write the folder's names to the disk: the tables are dropped next, so a power cut must not lose the file's name."""
    require_no_transaction("syncing the archive's folder")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@transaction.atomic
def _let_go(leaving: Range, events: tuple[str, str], entries: tuple[str, str]) -> int:
    """Register the range and drop its tables; nothing in it changes any more."""
    within = {"gte": leaving.first, "lt": leaving.end}
    kept = OutboxEvent.objects.filter(**{f"id__{name}": key for name, key in within.items()})
    register = ArchivedRange.objects.create(
        first_id=leaving.first,
        end_id=leaving.end,
        first_public_id=kept.order_by("public_id").values_list("public_id", flat=True)[0],
        last_public_id=kept.order_by("-public_id").values_list("public_id", flat=True)[0],
        events=kept.count(),
        entries=InboxEntry.objects.filter(
            **{f"event_id__{name}": key for name, key in within.items()}
        ).count(),
        events_file=events[0],
        events_sha256=events[1],
        entries_file=entries[0],
        entries_sha256=entries[1],
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS_MAX}s'")
        for table in (leaving.inbox, leaving.outbox):
            cursor.execute(f"DROP TABLE {table}")
    return register.events
