"""Gauges of payments."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, by_rows

from .restorations import is_restoration_counted

# Those of cycles that are not settled, and by the partial index those that no cycle plans.
PAYMENTS = """
    SELECT state, currency, count(*)
      FROM (SELECT state, currency FROM clearing_settlementinstruction
             WHERE cycle_id IN (SELECT id FROM clearing_cycle WHERE state <> 'settled')
             UNION ALL
            SELECT state, currency FROM clearing_settlementinstruction
             WHERE cycle_id IS NULL AND instead_of_id IS NULL) payment
     WHERE state IN ('planned', 'sending', 'unknown') GROUP BY 1, 2
"""

Gauge(
    name="clearing_waiting_payments",
    description="Payments that are planned, sent or of unknown outcome, by state and currency.",
    read=by_rows(PAYMENTS),
    labels=("state", "currency"),
)

RESTORATION_UNCOUNTED = Gauge(
    name="clearing_uncounted_restorations",
    description="1 while the server is not on the timeline that was counted last: the database was restored or moved.",
    read=lambda: 0 if is_restoration_counted() else 1,
)

Alarm(
    code="restoration_uncounted",
    gauge=RESTORATION_UNCOUNTED,
    above=0,
    title=Label("A restoration of the database is not counted", "データベースの復旧が記録されていません"),
    action=Label(
        "Run manage.py record_restoration as the owner role. Until then no payment is planned or sent; afterwards sending is"
        " opened by bank statements and two people.",
        "所有者ロールで manage.py record_restoration を実行してください。それまで支払の予定作成と送付はできません。その後は"
        "入出金明細と二人の承認により送付を再開します。",
    ),
)
