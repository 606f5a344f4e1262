"""Gauges of the event pipe."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, by_number, by_rows

from .partitions import RANGES_AHEAD, count_ranges_ahead
from .relaying import UNRELAYED

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
     WHERE entry.state <> 'handled' AND entry.state <> 'abandoned' GROUP BY 1, 2
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
    description="Inbox entries that are not handled or abandoned, by subscriber and state.",
    read=by_rows(ENTRIES),
    labels=("subscriber", "state"),
)
MISSING_RANGES = Gauge(
    name="events_missing_ranges_count",
    description="Ranges of events that should be made ahead and are not; when all are missing, events go into the rest.",
    read=lambda: RANGES_AHEAD - count_ranges_ahead(),
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
        "Look for a long transaction (gauge database_horizon_holder_seconds) and for workers of the queue events.",
        "長時間のトランザクション（指標 database_horizon_holder_seconds）と、キュー events のワーカーを確認してください。",
    ),
)
Alarm(
    code="handling_lags",
    gauge=OLDEST_PENDING_SECONDS,
    above=300,
    title=Label("Events wait long to be handled", "イベントの処理が滞っています"),
    action=Label(
        "Read the failing entries (events/inbox/) and the workers' log; add workers to the queue events.",
        "失敗しているエントリ（events/inbox/）とワーカーのログを確認し、キュー events のワーカーを増やしてください。",
    ),
)
Alarm(
    code="events_parked",
    gauge=PARKED_ENTRIES,
    above=0,
    title=Label("Events are parked", "停止中のイベントがあります"),
    action=Label(
        "Read the reason (events/inbox/?state=parked), repair it, then retry or abandon the entry.",
        "理由（events/inbox/?state=parked）を確認し、原因を解消してから再試行するか、打ち切ってください。",
    ),
    opens_task=False,
)
Alarm(
    code="event_ranges_run_out",
    gauge=MISSING_RANGES,
    above=RANGES_AHEAD - 3,
    title=Label("Few ranges of events are left", "イベント用パーティションの残りが少なくなっています"),
    action=Label(
        "Run manage.py make_event_ranges as the owner role, and see that its timer runs daily.",
        "所有者ロールで manage.py make_event_ranges を実行し、日次の定期実行を確認してください。",
    ),
)
