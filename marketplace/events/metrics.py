"""Gauges of the event pipe."""

from __future__ import annotations

from marketplace.kernel.metrics import Gauge, by_number, by_rows

from .partitions import RANGES_AHEAD, count_ranges_ahead
from .queries import UNRELAYED

# By the index of the commit order: the first event after the relay's position.
OLDEST_UNRELAYED = f"""
    SELECT coalesce((
        SELECT extract(epoch FROM clock_timestamp() - e.recorded_at) {UNRELAYED} ORDER BY e.transaction, e.id LIMIT 1), 0)
"""  # noqa: S608  our own words
# By the partial index of what is pending.
OLDEST_PENDING = """
    SELECT coalesce((
        SELECT extract(epoch FROM clock_timestamp() - event.recorded_at)
          FROM events_outboxevent event
         WHERE event.id = (SELECT entry.event_id FROM events_inboxentry entry
                            WHERE entry.state = 'pending' ORDER BY entry.id LIMIT 1)), 0)
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
Gauge(
    name="events_missing_ranges_count",
    description="Ranges of events that should be made ahead and are not; when all are missing, events go into the rest.",
    read=lambda: RANGES_AHEAD - count_ranges_ahead(),
)
