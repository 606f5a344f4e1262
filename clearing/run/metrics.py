"""Gauges of clearing cycles."""

from __future__ import annotations

from marketplace.kernel import clock
from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, Reading, by_number, by_rows

from ..cycles.models import Cycle
from ..cycles.states import WORKING_STATES

# There is one cycle a period and currency: few rows at any history.
CYCLES = "SELECT state, currency, count(*) FROM clearing_cycle WHERE state <> 'settled' GROUP BY 1, 2"
# By the partial index of parts that have not ended.
REMAINING = """
    SELECT part, sum(total - done)::bigint FROM clearing_cyclepart
     WHERE ended_at IS NULL AND total IS NOT NULL GROUP BY 1
"""
OVERDUE = "SELECT count(*) FROM clearing_cyclealarm WHERE ended_at IS NULL"


def step_ages() -> Reading:
    """Seconds of business time since each cycle under way finished its last step, by cycle and state."""
    now = clock.now()
    rows = Cycle.objects.filter(state__in=WORKING_STATES, paused_since=None)
    return {
        (cycle.business_key, str(cycle.state)): (now - moment).total_seconds()
        for cycle in rows
        if (moment := cycle.posted_at or cycle.netted_at or cycle.closed_at) is not None
    }


Gauge(
    name="clearing_unsettled_cycles",
    description="Cycles that are not settled, by state and currency.",
    read=by_rows(CYCLES),
    labels=("state", "currency"),
)
Gauge(
    name="clearing_step_age_seconds",
    description="Seconds of business time since a cycle under way recorded its last step, by cycle and state.",
    read=step_ages,
    labels=("cycle", "state"),
)
Gauge(
    name="clearing_remaining_participants",
    description="Participants for whom a step of a cycle that is under way is still to be done, by part of the step.",
    read=by_rows(REMAINING),
    labels=("part",),
)
OVERDUE_CYCLES = Gauge(
    name="clearing_overdue_cycles",
    description="Alarms of cycles that are overdue.",
    read=by_number(OVERDUE),
)

Alarm(
    code="cycle_overdue",
    gauge=OVERDUE_CYCLES,
    above=0,
    title=Label("A clearing cycle is overdue", "清算サイクルが遅延しています"),
    action=Label(
        "Read what it waits for (cycles/{id}/progress/), and the log of the worker of the queue clearing.",
        "待機理由（cycles/{id}/progress/）と、キュー clearing のワーカーのログを確認してください。",
    ),
    # The event cycle.overdue opens one for each cycle.
    opens_task=False,
)
