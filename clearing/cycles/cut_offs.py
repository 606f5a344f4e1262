"""When the cycles of a currency are cut off: schedules by effective date, over business days. Pure.

A cut-off is a local time on a business day. What was published when that moment came decides whether it is one: a
schedule or a closed day that is stated later never makes or unmakes a cut-off of the past. So a market that was out
of service finds the same cut-offs as one that was not.

Where clocks are put forward over a cut-off it is as late as it would have been without that; where they are put
back, the first of the two moments counts. Instants are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketplace.kernel.calendars import BusinessCalendar

DAYS_AHEAD_MAX = 400
"""How far ahead a cut-off is looked for."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the cycles of a currency are cut off from ``effective_from`` on, as was stated at ``stated_at``.

    ``cut_off_times`` are local times; none counts while the schedule is not ``active``. ``value_days``: business days
    from a transfer file to the day on which it is paid. ``overdue_minutes``: how long the steps after a cut-off may
    take; None leaves it to the rulebook.
    """

    effective_from: date
    cut_off_times: tuple[time, ...]
    value_days: int
    overdue_minutes: int | None
    active: bool
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class ClosedDayDeclaration:
    """``day`` is closed to clearing, or (``closed`` is False) is after all not; the last statement counts.

    ``scope`` is a currency, or empty for all; a day is closed if it is closed for the currency or for all.
    """

    day: date
    scope: str
    closed: bool
    stated_at: datetime


class CutOffs:
    """The cut-offs of one currency."""

    def __init__(
        self, schedules: Iterable[Schedule], statements: Iterable[ClosedDayDeclaration], zone: ZoneInfo
    ) -> None:
        """``schedules`` and ``statements`` of this currency in the order in which they were stated."""
        self.zone = zone
        self._calendar = BusinessCalendar()
        self._schedules = tuple(schedules)
        self._statements: dict[date, list[ClosedDayDeclaration]] = {}
        for statement in statements:
            self._statements.setdefault(statement.day, []).append(statement)

    def schedule_on(self, day: date, *, known_at: datetime | None = None) -> Schedule | None:
        """The schedule in force on ``day``: the latest to take effect, of those of one day the last stated.

        ``known_at`` leaves out what was stated after it.
        """
        known = [
            schedule
            for schedule in reversed(self._schedules)
            if schedule.effective_from <= day and (known_at is None or schedule.stated_at <= known_at)
        ]
        return max(known, key=lambda schedule: schedule.effective_from, default=None)

    def is_business_day(self, day: date, *, known_at: datetime | None = None) -> bool:
        """Whether cycles may be cut off on ``day``, as far as was stated by ``known_at``."""
        scopes: dict[str, bool] = {}
        for statement in self._statements.get(day, ()):
            if known_at is None or statement.stated_at <= known_at:
                scopes[statement.scope] = statement.closed
        return not any(scopes.values()) and self._calendar.is_business_day(day)

    def calendar(self) -> BusinessCalendar:
        """Business days as they are stated now, for value dates."""
        return BusinessCalendar(
            statement.day
            for statements in self._statements.values()
            for statement in statements
            if not self.is_business_day(statement.day)
        )

    def on(self, day: date) -> list[datetime]:
        """The cut-offs of ``day``, in order."""
        in_force = [schedule for schedule in self._schedules if schedule.effective_from <= day]
        times = {moment for schedule in in_force for moment in schedule.cut_off_times}
        return sorted({self._instant(day, moment) for moment in times if self._counts(day, moment)})

    def _instant(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def _counts(self, day: date, moment: time) -> bool:
        """Whether ``moment`` on ``day`` is a cut-off by what was published when it came."""
        instant = self._instant(day, moment)
        schedule = self.schedule_on(day, known_at=instant)
        return (
            schedule is not None
            and schedule.active
            and moment in schedule.cut_off_times
            and self.is_business_day(day, known_at=instant)
        )

    def after(self, instant: datetime, *, count: int = 1) -> list[datetime]:
        """The next ``count`` cut-offs later than ``instant``; fewer, if the schedules know of no more."""
        found: list[datetime] = []
        for ahead in range(DAYS_AHEAD_MAX + 1):
            day = self._day_before(instant) + timedelta(days=ahead)
            found += [cut_off for cut_off in self.on(day) if cut_off > instant]
            if len(found) >= count:
                break
        return found[:count]

    def passed(self, *, since: datetime, until: datetime) -> Iterator[datetime]:
        """The cut-offs later than ``since`` and not later than ``until``, the latest first."""
        begin = min((schedule.effective_from for schedule in self._schedules), default=date.max)
        first = max(self._day_before(since), begin)
        day = until.astimezone(self.zone).date()
        while day >= first:
            yield from (cut_off for cut_off in reversed(self.on(day)) if since < cut_off <= until)
            day -= timedelta(days=1)

    def _day_before(self, instant: datetime) -> date:
        """Where to begin looking: a cut-off that clocks were put forward over may come on the day after its own."""
        return instant.astimezone(self.zone).date() - timedelta(days=1)
