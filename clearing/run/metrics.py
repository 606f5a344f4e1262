"""Gauges of cycles whose steps are under way."""

from __future__ import annotations

from marketplace.kernel.metrics import Gauge, by_number, by_rows

# By the partial indexes of parts that have not ended, and of alarms that stand.
REMAINING = """
    SELECT part, sum(total - done)::bigint FROM clearing_cyclepart
     WHERE ended_at IS NULL AND total IS NOT NULL GROUP BY 1
"""
OLDEST_PART = """
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(began_at)), 0)
      FROM clearing_cyclepart WHERE ended_at IS NULL
"""
OVERDUE = "SELECT reason, count(*) FROM clearing_cyclealarm WHERE ended_at IS NULL GROUP BY 1"

Gauge(
    name="clearing_remaining_participants",
    description="Participants for whom a step of a cycle that is under way is still to be done, by part of the step.",
    read=by_rows(REMAINING),
    labels=("part",),
)
Gauge(
    name="clearing_oldest_part_seconds",
    description="Age in seconds of the oldest part of a cycle's step that has begun and not ended.",
    read=by_number(OLDEST_PART),
)
Gauge(
    name="clearing_overdue_cycles",
    description="Alarms about cycles that are overdue, by reason.",
    read=by_rows(OVERDUE),
    labels=("reason",),
)
