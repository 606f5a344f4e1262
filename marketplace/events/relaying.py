"""The relay: copies committed events from the outbox to the inboxes of their handlers, in the order of commits."""

from __future__ import annotations

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from marketplace.kernel.horizon import NEWEST_TRANSACTION, horizon

from .guards import RELAY_BATCH
from .locks import RELAY_LOCK
from .subscriptions import passed_over_by, subscriber_of

RELAY = "inbox"

# The identifiers of entries follow the order of commits: the sequence counts rows after they are sorted. An entry that is
# there, however it came, stops no relay.
COPY = """
    WITH moved AS MATERIALIZED (
        SELECT e.id, e.transaction, e.type, e.subject, e.data FROM events_outboxevent e
         WHERE (e.transaction, e.id) > (
                   coalesce((SELECT p.transaction FROM events_relayposition p WHERE p.name = %(name)s), '0'),
                   coalesce((SELECT p.event_id FROM events_relayposition p WHERE p.name = %(name)s), 0))
           AND e.transaction < %(horizon)s::text::xid8
         ORDER BY e.transaction, e.id LIMIT %(limit)s
    ), entered AS (
        INSERT INTO events_inboxentry (event_id, handler, subscriber, subject)
        SELECT m.id, s.handler, s.subscriber, m.subject
          FROM moved m
          JOIN unnest(%(types)s::text[], %(handlers)s::text[], %(subscribers)s::text[], %(passed_over)s::jsonb[])
               WITH ORDINALITY AS s (type, handler, subscriber, passed_over, place) ON s.type = m.type
         WHERE s.passed_over IS NULL OR NOT m.data @> s.passed_over
         ORDER BY m.transaction, m.id, s.place
        ON CONFLICT DO NOTHING
        RETURNING 1
    ), last AS (
        SELECT transaction, id FROM moved ORDER BY transaction DESC, id DESC LIMIT 1
    ), position AS (
        INSERT INTO events_relayposition AS p (name, transaction, event_id, events, entries)
        SELECT %(name)s, l.transaction, l.id, (SELECT count(*) FROM moved), (SELECT count(*) FROM entered) FROM last l
        ON CONFLICT (name) DO UPDATE SET transaction = excluded.transaction, event_id = excluded.event_id,
            events = p.events + excluded.events, entries = p.entries + excluded.entries
    )
    SELECT count(*) FROM moved
"""

# A transaction that this server has not begun writes no event: a row that names one waits for nothing, and the checker names
# it. The row values are compared with the position's, so that the index on the commit order gives what is behind it.
UNRELAYED = f"""
    FROM events_outboxevent e
   WHERE (e.transaction, e.id) > (
             coalesce((SELECT p.transaction FROM events_relayposition p WHERE p.name = '{RELAY}'), '0'),
             coalesce((SELECT p.event_id FROM events_relayposition p WHERE p.name = '{RELAY}'), 0))
     AND e.transaction <= {NEWEST_TRANSACTION}
"""  # noqa: S608  our own words
# A planner that expects much behind the position would read a range from its beginning, to find one of them soon. The offset
# keeps the order, which only the index has.
HAS_UNRELAYED = f"EXISTS (SELECT {UNRELAYED} ORDER BY e.transaction, e.id OFFSET 0)"


@transaction.atomic
def relay() -> int:
    """Copy up to ``RELAY_BATCH`` committed events to the inboxes of their handlers; returns the number of events.

    An event does not enter the inbox of a handler that has nothing to do with it (``settings.EVENTS_PASSED_OVER``).
    One relay runs at a time. It stops before the oldest running transaction, so it never skips an event that commits
    late.
    """
    if not RELAY_LOCK.try_acquire(only_if=HAS_UNRELAYED):
        return 0
    with connection.cursor() as cursor:
        # The horizon is read first: what the transactions before it wrote is seen by the next statement only.
        return _copy_before(cursor, horizon())


def has_unrelayed() -> bool:
    """Whether a committed event is not relayed yet: an older transaction still runs, or another relay is at work."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {HAS_UNRELAYED}")
        return bool(cursor.fetchone()[0])


def _copy_before(cursor: CursorWrapper, before: int) -> int:
    subscriptions = [
        (event_type, handler, subscriber_of(handler), passed_over_by(handler))
        for event_type, handlers in settings.EVENT_SUBSCRIPTIONS.items()
        for handler in handlers
    ]
    types, handlers, subscribers, passed_over = (
        zip(*subscriptions, strict=True) if subscriptions else ((), (), (), ())
    )
    cursor.execute(
        COPY,
        {
            "name": RELAY,
            "horizon": before,
            "limit": RELAY_BATCH,
            "types": list(types),
            "handlers": list(handlers),
            "subscribers": list(subscribers),
            "passed_over": list(passed_over),
        },
    )
    return int(cursor.fetchone()[0])
