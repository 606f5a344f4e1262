"""The ranges of the event's key in which outbox and inbox are stored, made ahead by the owner role.

A range is a pair of tables, ``events_outboxevent_<first>`` and ``events_inboxentry_<first>``, so that what is old leaves
as a whole. What no range holds goes into ``…_rest``: emitting never fails for want of a range. The application's role
reads and writes through the partitioned tables only, and has no right on a range.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from .models import InboxEntry, OutboxEvent
from .relaying import RELAY

logger = logging.getLogger(__name__)

EVENTS_PER_RANGE = 1_000_000
RANGES_AHEAD = 8
LOCK_SECONDS_MAX = 2
"""Making a range locks both tables for a moment; who cannot get the lock soon gives up, and the next run makes it."""

OUTBOX = OutboxEvent._meta.db_table
INBOX = InboxEntry._meta.db_table
BOUNDS = re.compile(r"FROM \('(\d+)'\) TO \('(\d+)'\)")
LAST_KEY = f"coalesce(pg_sequence_last_value('{OUTBOX}_id_seq'), 0)"
"""The highest key that the sequence gave, in SQL."""
FIRST_KEY, KEY_MAX = 0, 2**63 - 1

# Each by its partial index. Behind the relay's position nothing is left that is not in an inbox.
OLDEST_PENDING = (
    "(SELECT i.event_id FROM events_inboxentry i WHERE i.state = 'pending' ORDER BY i.id LIMIT 1)"
)
OLDEST_UNHANDLED = f"""
    SELECT coalesce({OLDEST_PENDING}, 0), least(
        {OLDEST_PENDING},
        (SELECT i.event_id FROM events_inboxentry i WHERE i.state = 'parked' ORDER BY i.id LIMIT 1),
        coalesce((SELECT p.event_id FROM events_relayposition p WHERE p.name = %s), 0))
"""  # noqa: S608  our own words


@dataclass(frozen=True, order=True, slots=True)
class Range:
    """Events with ``first`` ≤ key < ``end``."""

    first: int
    end: int

    @property
    def outbox(self) -> str:
        """The table of its events."""
        return f"{OUTBOX}_{self.first}"

    @property
    def inbox(self) -> str:
        """The table of their inbox entries."""
        return f"{INBOX}_{self.first}"


def ranges() -> list[Range]:
    """The ranges that have tables, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            [OUTBOX],
        )
        found = (BOUNDS.search(bound) for (bound,) in cursor.fetchall())
    return sorted(Range(int(bounds[1]), int(bounds[2])) for bounds in found if bounds)


def last_key() -> int:
    """The highest key that an event was given; 0 before the first."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {LAST_KEY}")
        return int(cursor.fetchone()[0])


def count_ranges_ahead() -> int:
    """How many ranges have no event yet; none is left when events go into the rest."""
    last = last_key()
    return sum(each.first > last for each in ranges())


def unhandled_keys() -> Range:
    """Bounds, at ends of ranges, within which every event is that is not handled or arrives soon.

    Events are relayed and handled in the order of commits. Their keys follow it but for what ran at the same time, which is
    far less than a range; so are the events of the seconds for which a worker keeps the bounds. An event with a key that the
    sequence has not given, forced in by the owner, is within them once it is the oldest.
    """
    last = last_key()
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_UNHANDLED, [RELAY])
        pending, oldest = cursor.fetchone()
    first = (min(oldest or 0, last) // EVENTS_PER_RANGE - 1) * EVENTS_PER_RANGE
    return Range(max(first, FIRST_KEY), (max(last, pending) // EVENTS_PER_RANGE + 2) * EVENTS_PER_RANGE)


def make_ranges(ahead: int = RANGES_AHEAD) -> list[Range]:
    """Make the missing ranges up to ``ahead`` ranges beyond the last event; returns those that were made.

    Run as the owner. Safe to run again, and without a lock when none is missing. Events that the rest had to take become
    a range where they are.
    """
    known = ranges()
    if known and known[-1].end >= (last_key() // EVENTS_PER_RANGE + 1 + ahead) * EVENTS_PER_RANGE:
        return []
    return _make_missing(ahead)


@transaction.atomic
def _make_missing(ahead: int) -> list[Range]:
    made = []
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS_MAX}s'")
        # Writers of both tables wait, so no event gets a key that the new ranges would miss.
        cursor.execute(f"LOCK TABLE {OUTBOX}, {INBOX} IN ACCESS EXCLUSIVE MODE")
        known = ranges()
        end = known[-1].end if known else FIRST_KEY
        last = last_key()
        if last >= end:
            rest = Range(end, (last // EVENTS_PER_RANGE + 1) * EVENTS_PER_RANGE)
            if not (_rest_holds(cursor, Range(0, end)) or _rest_holds(cursor, Range(rest.end, KEY_MAX))):
                _turn_rest_into(cursor, rest)
                made.append(rest)
            end = rest.end
        wanted = (last // EVENTS_PER_RANGE + 1 + ahead) * EVENTS_PER_RANGE
        while end < wanted:
            new = Range(end, end + EVENTS_PER_RANGE)
            if not _rest_holds(cursor, new):
                _make_tables(cursor, new)
                made.append(new)
            end = new.end
    return made


def _rest_holds(cursor: CursorWrapper, keys: Range) -> bool:
    """Whether the rest holds rows with keys that the sequence has not given yet; then these stay in the rest.

    Only the owner forces them in; the checker names them (``events.own_keys``).
    """
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM {OUTBOX}_rest WHERE id >= %(first)s AND id < %(end)s)"  # noqa: S608  our own words
        f" OR EXISTS (SELECT FROM {INBOX}_rest WHERE event_id >= %(first)s AND event_id < %(end)s)",
        {"first": keys.first, "end": keys.end},
    )
    is_held = bool(cursor.fetchone()[0])
    if is_held:
        logger.error(
            "events with keys from %s to %s were forced in: they stay in the rest", keys.first, keys.end
        )
    return is_held


def make_rest(cursor: CursorWrapper) -> None:
    """Make the tables of what no range holds."""
    for parent in (OUTBOX, INBOX):
        cursor.execute(f"CREATE TABLE {parent}_rest PARTITION OF {parent} DEFAULT")
    _complete(cursor, f"{OUTBOX}_rest", f"{INBOX}_rest")


def _make_tables(cursor: CursorWrapper, new: Range) -> None:
    for parent, table in ((OUTBOX, new.outbox), (INBOX, new.inbox)):
        cursor.execute(
            f"CREATE TABLE {table} PARTITION OF {parent} FOR VALUES FROM ({new.first}) TO ({new.end})"
        )
    _complete(cursor, new.outbox, new.inbox)


def _turn_rest_into(cursor: CursorWrapper, taken: Range) -> None:
    """Give the tables of the rest, which hold only events of ``taken``, its bounds, and make a new rest."""
    for parent, table in ((OUTBOX, taken.outbox), (INBOX, taken.inbox)):
        cursor.execute(f"ALTER TABLE {parent} DETACH PARTITION {parent}_rest")
        cursor.execute(f"ALTER TABLE {parent}_rest RENAME TO {table}")
        cursor.execute(f"DROP INDEX IF EXISTS {parent}_rest_public_id")
        cursor.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES FROM ({taken.first}) TO ({taken.end})"
        )
    cursor.execute(f"CREATE UNIQUE INDEX {taken.outbox}_public_id ON {taken.outbox} (public_id)")
    make_rest(cursor)


def _complete(cursor: CursorWrapper, outbox: str, inbox: str) -> None:
    """Add what a range does not inherit: the unique public identifier, the statement guards, and room for updates."""
    cursor.execute(f"CREATE UNIQUE INDEX {outbox}_public_id ON {outbox} (public_id)")
    cursor.execute(
        f"ALTER TABLE {inbox} SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02,"
        " autovacuum_vacuum_threshold = 5000)"
    )
    for model, table, name, operations in (
        (OutboxEvent, outbox, "append_only", "UPDATE OR DELETE OR TRUNCATE"),
        (InboxEntry, inbox, "no_delete", "DELETE OR TRUNCATE"),
    ):
        triggers = getattr(model._meta, "triggers", [])
        function = next(each.get_pgid(model) for each in triggers if each.name == name)
        cursor.execute(
            f"CREATE TRIGGER {name} BEFORE {operations} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
