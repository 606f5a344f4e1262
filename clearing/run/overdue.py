"""Finds overdue cycles by their state, the calendar and the clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Max, Q

from marketplace.kernel import clock

from ..cycles.models import Cycle
from ..cycles.queries import Calendars
from ..cycles.states import WORKING_STATES, CycleState
from ..cycles.value_dates import value_date
from ..ground.parameters import cycle_overdue_minutes
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState
from .outcome import unfinished
from .states import OverdueReason

CLOSING_GRACE = timedelta(minutes=1)
"""Tolerance after a cut-off before the cycle is overdue; the sweep runs every few seconds."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """The reason why a cycle is overdue, and the moment from which it is."""

    reason: OverdueReason
    since: datetime


@dataclass(frozen=True, slots=True)
class SettlementProgress:
    """Numbers of payments of a cycle that have not failed: all, confirmed by the bank, and not sent yet.

    ``unsent`` are payments that no transfer file has. ``last_value_date`` is that of the last transfer file; None before the first.
    """

    planned: int = 0
    confirmed: int = 0
    unsent: int = 0
    last_value_date: date | None = None

    @property
    def waiting(self) -> int:
        """Payments that are still to be confirmed."""
        return self.planned - self.confirmed


def settlement_progress(cycles: Collection[Cycle]) -> dict[int, SettlementProgress]:
    """The settlement progress of each cycle, in one query."""
    rows = (
        SettlementInstruction.objects.filter(cycle__in=[cycle.pk for cycle in cycles])
        .values_list("cycle_id")
        .annotate(
            planned=Count("pk", filter=~Q(state__in=(InstructionState.FAILED, InstructionState.CANCELLED))),
            confirmed=Count("pk", filter=Q(state=InstructionState.CONFIRMED)),
            unsent=Count("pk", filter=Q(state=InstructionState.PLANNED)),
            last=Max("value_date"),
        )
    )
    found = {row[0]: SettlementProgress(*row[1:]) for row in rows}
    return {cycle.pk: found.get(cycle.pk, SettlementProgress()) for cycle in cycles}


class CycleReadings:
    """The calendar and payments of cycles, read once for all of them."""

    def __init__(self, cycles: Collection[Cycle]) -> None:
        """Read the calendar and the payments of ``cycles``; it answers for these cycles only."""
        self.now = clock.now()
        self.settlement = settlement_progress(cycles)
        in_part = [cycle for cycle in cycles if cycle.state == CycleState.PARTIAL]
        self.unfinished = unfinished(in_part) if in_part else {}
        self._calendars = Calendars()
        self._overdue: dict[int, Overdue | None] = {}

    def cut_off_of(self, cycle: Cycle) -> datetime | None:
        """The moment at which the schedule cuts off an open cycle; None if it is closed or has no schedule."""
        return self._calendars.cut_off_of(cycle, now=self.now)

    def overdue(self, cycle: Cycle) -> Overdue | None:
        """The reason why ``cycle`` is overdue now; None if it is in time or settled."""
        if cycle.pk not in self._overdue:
            self._overdue[cycle.pk] = self._find_overdue(cycle)
        return self._overdue[cycle.pk]

    def _find_overdue(self, cycle: Cycle) -> Overdue | None:
        if cycle.state == CycleState.OPEN:
            return self._not_closed(cycle)
        if cycle.state in WORKING_STATES and cycle.closed_at is not None:
            return self._slow(cycle, cycle.closed_at)
        if cycle.state == CycleState.SETTLING and cycle.closed_at is not None:
            return self._past_value_date(cycle, cycle.closed_at)
        return None

    def _not_closed(self, cycle: Cycle) -> Overdue | None:
        cut_offs = self._calendars.of(cycle.currency)
        passed = list(cut_offs.passed(since=cycle.opened_at, until=self.now - CLOSING_GRACE))
        return Overdue(OverdueReason.NOT_CLOSED, passed[-1]) if passed else None

    def _slow(self, cycle: Cycle, closed_at: datetime) -> Overdue | None:
        schedule = self._calendars.of(cycle.currency).schedule_on(clock.business_date(closed_at))
        minutes = (
            schedule.overdue_minutes if schedule and schedule.overdue_minutes else cycle_overdue_minutes()
        )
        deadline = closed_at + timedelta(minutes=minutes)
        return Overdue(OverdueReason.SLOW, deadline) if self.now > deadline else None

    def _past_value_date(self, cycle: Cycle, closed_at: datetime) -> Overdue | None:
        """Late by the value date published at the cut-off, or by the value date of its last transfer file."""
        expected = value_date(clock.business_date(closed_at), self._calendars.of(cycle.currency))
        deadline = _end_of(max(expected, self.settlement[cycle.pk].last_value_date or expected))
        return Overdue(OverdueReason.PAST_VALUE_DATE, deadline) if self.now >= deadline else None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, clock.market_zone()).astimezone(UTC)
