"""Gauges of payments."""

from __future__ import annotations

from marketplace.kernel.metrics import Gauge, by_rows

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
