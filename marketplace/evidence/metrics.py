"""Gauges of the evidence log."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge

from .queries import count_unsealed, oldest_unsealed_age

Gauge(
    name="evidence_unsealed_records",
    description="Evidence records that have no leaf in the tree yet.",
    read=count_unsealed,
)
OLDEST_UNSEALED_SECONDS = Gauge(
    name="evidence_oldest_unsealed_seconds",
    description="Age in seconds of the oldest evidence record without a leaf in the tree.",
    read=lambda: oldest_unsealed_age().total_seconds(),
)

Alarm(
    code="sealing_lags",
    gauge=OLDEST_UNSEALED_SECONDS,
    above=300,
    title=Label("Evidence is not sealed", "証跡の封印が滞っています"),
    action=Label(
        "Look for a long transaction and for workers of the queue default, and read their log.",
        "長時間のトランザクションと、キュー default のワーカーおよびそのログを確認してください。",
    ),
)
