"""Gauges of the event pipe."""

from __future__ import annotations

from marketplace.kernel.metrics import Gauge, by_number, by_rows

# By the index of the commit order: the first event after the relay's position.
OLDEST_UNRELAYED = """
    SELECT coalesce((
        SELECT extract(epoch FROM clock_timestamp() - event.recorded_at)
          FROM events_outboxevent event
         WHERE (event.transaction, event.id) > (
                   SELECT coalesce(max(position.transaction), '0'::xid8), coalesce(max(position.event_id), 0)
                     FROM events_relayposition position)
         ORDER BY event.transaction, event.id LIMIT 1), 0)
"""
# By the partial index of what is not handled.
OLDEST_PENDING = """
    SELECT coalesce((
        SELECT extract(epoch FROM clock_timestamp() - event.recorded_at)
          FROM events_outboxevent event
         WHERE event.id = (SELECT min(entry.event_id) FROM events_inboxentry entry WHERE entry.state = 'pending')), 0)
"""
ENTRIES = """
    SELECT entry.subscriber, entry.state, count(*) FROM events_inboxentry entry
     WHERE entry.state <> 'handled' GROUP BY 1, 2
"""

Gauge(
    name="events_oldest_unrelayed_seconds",
    description="Age in seconds of the oldest event that the relay has not taken.",
    read=by_number(OLDEST_UNRELAYED),
)
Gauge(
    name="events_oldest_pending_seconds",
    description="Age in seconds of the oldest event that a handler still has to handle; parked ones do not count.",
    read=by_number(OLDEST_PENDING),
)
Gauge(
    name="events_unhandled_entries",
    description="Inbox entries that are not handled, by subscriber and state: pending or parked.",
    read=by_rows(ENTRIES),
    labels=("subscriber", "state"),
)
