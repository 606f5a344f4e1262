"""Gauges of the evidence log."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge

from .queries import count_unsealed, oldest_unsealed_age
from .row_seals import seal_lags

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

UNSEALED_ROWS_SECONDS = Gauge(
    name="evidence_unsealed_rows_seconds",
    description="Seconds for which rows of append-only tables have waited to be sealed, by table.",
    read=seal_lags,
    labels=("table",),
)

Alarm(
    code="row_sealing_lags",
    gauge=UNSEALED_ROWS_SECONDS,
    above=3600,
    title=Label("Rows of append-only tables are not sealed", "追記専用テーブルの行の封印が滞っています"),
    action=Label(
        "Read the worker's log for marketplace.evidence.tasks.seal_rows: it runs every quarter of an hour and must end without"
        " an error. Until it catches up, check_invariants does not name changed rows of that table.",
        "marketplace.evidence.tasks.seal_rows のワーカーのログを確認してください。15分ごとに実行され、正常終了する必要があり"
        "ます。追い付くまで、該当テーブルの行の改変は check_invariants で検出できません。",
    ),
)
