"""Reads cycles and the calendar: cut-offs and value dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from marketplace.kernel import clock
from marketplace.kernel.errors import Missing

from .cut_offs import ClosedDayDeclaration, CutOffs, Schedule
from .models import ClearingSchedule, ClosedDay, Cycle
from .states import FINAL_STATES, CycleState
from .value_dates import sending_day_after
from .value_dates import value_date as value_date_of

ORDER = tuple(CycleState.values)


class CycleProgress(NamedTuple):
    """Steps that a cycle has done, of those before it waits for the bank."""

    reached: int
    expected: int


def visible_cycles() -> QuerySet[Cycle]:
    """All cycles: their figures and hashes are public."""
    return Cycle.objects.all()


def cycle_summaries() -> list[dict[str, Any]]:
    """Every cycle that was cut off, in order: key, state, figures and hashes as JSON types."""
    rows = Cycle.objects.exclude(state=CycleState.OPEN).order_by("currency", "number")
    return [_summary(cycle) for cycle in rows]


class SettledCycles(NamedTuple):
    """The settled cycles of all currencies: how many, their trades, and the newest of them with their ``currency``."""

    cycles: int
    trades: int
    newest: list[dict[str, Any]]


def settled_cycles(*, newest: int) -> SettledCycles:
    """The figures of all settled cycles and a summary of the ``newest`` ones, newest first, in two queries."""
    rows = Cycle.objects.filter(state=CycleState.SETTLED)
    figures = rows.aggregate(cycles=Count("pk"), trades=Coalesce(Sum("trades"), 0))
    shown = rows.order_by("-pk")[:newest]
    return SettledCycles(**figures, newest=[_summary(row) | {"currency": row.currency} for row in shown])


def _summary(cycle: Cycle) -> dict[str, Any]:
    names = (
        "business_key",
        "state",
        "trades",
        "gross_minor",
        "net_minor",
        "payments_before",
        "payments_after",
        "input_hash",
        "output_hash",
        "merkle_root",
    )
    return {"id": cycle.public_id} | {name: getattr(cycle, name) for name in names}


def cycle_progress(cycle: str) -> CycleProgress:
    """How far a cycle has come on its own, from ``closing`` (0) to ``settling`` or beyond. Raises Missing."""
    expected = ORDER.index(CycleState.SETTLING) - ORDER.index(CycleState.CLOSING)
    reached = ORDER.index(cycle_of(cycle).state) - ORDER.index(CycleState.CLOSING)
    return CycleProgress(max(0, min(reached, expected)), expected)


def is_final(cycle: str) -> bool:
    """Whether a cycle is settled, wholly or in part. Raises Missing."""
    return cycle_of(cycle).state in FINAL_STATES


def cycle_of(public_id: str) -> Cycle:
    """One cycle; raises Missing."""
    cycle = Cycle.objects.filter(public_id=public_id).first()
    if cycle is None:
        raise Missing(kind="cycle", identifier=public_id)
    return cycle


CUT_OFFS_SHOWN = 10


def published_schedules() -> QuerySet[ClearingSchedule]:
    """All declared schedules: the calendar is public."""
    return ClearingSchedule.objects.all()


def published_closed_days() -> QuerySet[ClosedDay]:
    """All declarations of closed days: the calendar is public."""
    return ClosedDay.objects.all()


class Calendars:
    """The published cut-offs of every currency, read once."""

    def __init__(self) -> None:
        """Read all schedules and closed days, in two queries."""
        self._schedules: dict[str, list[Schedule]] = {}
        for row in ClearingSchedule.objects.order_by("pk"):
            self._schedules.setdefault(row.currency, []).append(
                Schedule(
                    effective_from=row.effective_from,
                    cut_off_times=tuple(row.cut_off_times),
                    value_days=row.value_days,
                    overdue_minutes=row.overdue_minutes,
                    active=row.active,
                    stated_at=row.stated_at,
                )
            )
        self._statements = [
            ClosedDayDeclaration(row.day, row.currency, row.closed, row.stated_at)
            for row in ClosedDay.objects.order_by("pk")
        ]
        self._zone = clock.market_zone()

    def of(self, currency: str) -> CutOffs:
        """The cut-offs of a currency; none without a schedule."""
        own = (row for row in self._statements if row.scope in ("", currency))
        return CutOffs(self._schedules.get(currency, ()), own, self._zone)

    def cut_off_of(self, cycle: Cycle, *, now: datetime) -> datetime | None:
        """The cut-off at which the schedule closes an open cycle: the last one passed, else the next one.

        None if the cycle is closed, or if only the operator's command closes it.
        """
        if cycle.state != CycleState.OPEN:
            return None
        cut_offs = self.of(cycle.currency)
        passed = next(cut_offs.passed(since=cycle.opened_at, until=now), None)
        return passed or next(iter(cut_offs.after(now)), None)

    def value_date(self, cycle: Cycle, *, now: datetime) -> date | None:
        """The value date of payments of ``cycle`` that are in no transfer file yet.

        The operator hands them to the bank on the day of the cut-off, or today if that day has passed. None while no
        cut-off is known.
        """
        cut_off = cycle.closed_at or self.cut_off_of(cycle, now=now)
        if cut_off is None:
            return None
        return value_date_of(clock.business_date(max(cut_off, now)), self.of(cycle.currency))


def next_cut_offs(currency: str, *, count: int = CUT_OFFS_SHOWN) -> list[datetime]:
    """The next ``count`` cut-offs of a currency, in order; none where no schedule is in force."""
    return Calendars().of(currency).after(clock.now(), count=count)


def value_date(currency: str) -> date:
    """The value date of payments that are handed to the bank today, by the present calendar."""
    return value_date_of(clock.today(), Calendars().of(currency))


def sending_day(currency: str) -> date:
    """The day by which a payment that is planned today leaves: the next business day, by the present calendar."""
    return sending_day_after(clock.today(), Calendars().of(currency))


def value_date_on(day: date, currency: str) -> date:
    """The value date of payments that were handed to the bank on ``day``, by the present calendar."""
    return value_date_of(day, Calendars().of(currency))


def cut_off_by_no_calendar() -> list[dict[str, Any]]:
    """Cycles whose recorded cut-off was not a published cut-off at its moment."""
    calendars = Calendars()
    found = []
    for cycle in Cycle.objects.exclude(cut_off_at=None).order_by("currency", "number"):
        cut_off_at: Any = cycle.cut_off_at
        day = clock.business_date(cut_off_at)
        # Daylight saving may have moved the cut-off into the next day.
        published = [
            moment
            for near in (day, day - timedelta(days=1))
            for moment in calendars.of(cycle.currency).on(near)
        ]
        if cut_off_at not in published:
            found.append({"cycle": cycle.business_key, "cut_off_at": cut_off_at.isoformat()})
    return found
