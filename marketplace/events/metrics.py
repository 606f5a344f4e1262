"""Gauges of the event pipe."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
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

OLDEST_UNRELAYED_SECONDS = Gauge(
    name="events_oldest_unrelayed_seconds",
    description="Age in seconds of the oldest event that the relay has not taken.",
    read=by_number(OLDEST_UNRELAYED),
)
OLDEST_PENDING_SECONDS = Gauge(
    name="events_oldest_pending_seconds",
    description="Age in seconds of the oldest event that a handler still has to handle; parked ones do not count.",
    read=by_number(OLDEST_PENDING),
)
Gauge(
    name="events_unhandled_entries",
    description="Inbox entries that are not handled, by subscriber and state.",
    read=by_rows(ENTRIES),
    labels=("subscriber", "state"),
)
PARKED_ENTRIES = Gauge(
    name="events_parked_entries",
    description="Inbox entries that are parked after repeated failures; each holds back its subject.",
    read=by_number("SELECT count(*) FROM events_inboxentry WHERE state = 'parked'"),
)

Alarm(
    code="relay_lags",
    gauge=OLDEST_UNRELAYED_SECONDS,
    above=60,
    title=Label("Events are not relayed", "イベントの中継が停止しています"),
    action=Label(
        "Look for a long transaction (gauge database_horizon_holder_seconds) and for workers of the queue default.",
        "長時間のトランザクション（指標 database_horizon_holder_seconds）と、キュー default のワーカーを確認してください。",
    ),
)
Alarm(
    code="handling_lags",
    gauge=OLDEST_PENDING_SECONDS,
    above=300,
    title=Label("Events wait long to be handled", "イベントの処理が滞っています"),
    action=Label(
        "Read the failing entries (events/inbox/) and the workers' log; add workers to the queue default.",
        "失敗しているエントリ（events/inbox/）とワーカーのログを確認し、キュー default のワーカーを増やしてください。",
    ),
)
Alarm(
    code="events_parked",
    gauge=PARKED_ENTRIES,
    above=0,
    title=Label("Events are parked", "停止中のイベントがあります"),
    action=Label(
        "Read the reason (events/inbox/?state=parked), repair it, then retry the entry.",
        "理由（events/inbox/?state=parked）を確認し、原因を解消してから再試行してください。",
    ),
    opens_task=False,
)
