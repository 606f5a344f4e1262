"""Gauges of the feed and the webhooks."""

from marketplace.kernel.metrics import Gauge, by_number

from . import queries

# By the index of the commit order: the first event after the publisher's position.
OLDEST_UNPUBLISHED = """
    SELECT coalesce((
        SELECT extract(epoch FROM clock_timestamp() - event.recorded_at)
          FROM events_outboxevent event
         WHERE (event.transaction, event.id) > (
                   SELECT coalesce(max(position.transaction), '0'::xid8), coalesce(max(position.event_id), 0)
                     FROM webhooks_feedposition position)
         ORDER BY event.transaction, event.id LIMIT 1), 0)
"""

Gauge(
    name="webhooks_unpublished_seconds",
    description="For how many seconds the oldest event has waited to enter the feed.",
    read=by_number(OLDEST_UNPUBLISHED),
)
Gauge(
    name="webhooks_oldest_due_seconds",
    description="For how many seconds the oldest due message of an active webhook has waited to be sent.",
    read=queries.oldest_due_seconds,
)
Gauge(
    name="webhooks_failing_webhooks",
    description="The number of active webhooks whose last attempt failed.",
    read=queries.count_failing,
)
