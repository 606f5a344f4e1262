"""Cut-offs of the cycles of a currency: schedules by effective date, over business days. Pure.

A cut-off is a local time on a business day. It counts if it was published at its moment: a schedule or closed day
declared later neither adds nor removes a cut-off of the past. A market after an outage therefore finds the same
cut-offs as one that ran through.

A cut-off that daylight saving skips happens at the instant it would have had without the change; of two equal local
times the first counts. Instants are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketplace.kernel.calendars import BusinessCalendar

DAYS_AHEAD_MAX = 400
"""Number of days in which the next cut-off is searched."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Cut-offs of a currency from ``effective_from`` on, as declared at ``stated_at``.

    ``cut_off_times`` are local times; none counts unless the schedule is ``active``. ``value_days``: business days from
    a transfer file to its value date. ``overdue_minutes``: minutes that the steps after a cut-off may take; None for the
    rulebook's parameter.
    """

    effective_from: date
    cut_off_times: tuple[time, ...]
    value_days: int
    overdue_minutes: int | None
    active: bool
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class ClosedDayDeclaration:
    """Declares ``day`` closed to clearing, or (``closed`` False) withdraws that; the newest declaration counts.

    ``scope`` is a currency, or empty for all; a day is closed if it is closed for the currency or for all.
    """

    day: date
    scope: str
    closed: bool
    stated_at: datetime


class CutOffs:
    """The cut-offs of one currency."""

    def __init__(
        self, schedules: Iterable[Schedule], declarations: Iterable[ClosedDayDeclaration], zone: ZoneInfo
    ) -> None:
        """``schedules`` and ``declarations`` of this currency in the order of declaration."""
        self.zone = zone
        self._calendar = BusinessCalendar()
        self._schedules = tuple(schedules)
        self._declarations: dict[date, list[ClosedDayDeclaration]] = {}
        for declaration in declarations:
            self._declarations.setdefault(declaration.day, []).append(declaration)

    def schedule_on(self, day: date, *, known_at: datetime | None = None) -> Schedule | None:
        """The schedule in force on ``day``: the latest to take effect, the newest declaration of equal ones.

        ``known_at`` ignores later declarations.
        """
        known = [
            schedule
            for schedule in reversed(self._schedules)
            if schedule.effective_from <= day and (known_at is None or schedule.stated_at <= known_at)
        ]
        return max(known, key=lambda schedule: schedule.effective_from, default=None)

    def is_business_day(self, day: date, *, known_at: datetime | None = None) -> bool:
        """Whether cycles may be cut off on ``day``, by what was declared until ``known_at``."""
        scopes: dict[str, bool] = {}
        for declaration in self._declarations.get(day, ()):
            if known_at is None or declaration.stated_at <= known_at:
                scopes[declaration.scope] = declaration.closed
        return not any(scopes.values()) and self._calendar.is_business_day(day)

    def calendar(self) -> BusinessCalendar:
        """The business days as declared now, for value dates."""
        return BusinessCalendar(
            declaration.day
            for declarations in self._declarations.values()
            for declaration in declarations
            if not self.is_business_day(declaration.day)
        )

    def on(self, day: date) -> list[datetime]:
        """The cut-offs of ``day``, in order."""
        in_force = [schedule for schedule in self._schedules if schedule.effective_from <= day]
        times = {moment for schedule in in_force for moment in schedule.cut_off_times}
        return sorted({self._instant(day, moment) for moment in times if self._counts(day, moment)})

    def _instant(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def _counts(self, day: date, moment: time) -> bool:
        """Whether ``moment`` on ``day`` is a cut-off by what was published at that moment."""
        instant = self._instant(day, moment)
        schedule = self.schedule_on(day, known_at=instant)
        return (
            schedule is not None
            and schedule.active
            and moment in schedule.cut_off_times
            and self.is_business_day(day, known_at=instant)
        )

    def after(self, instant: datetime, *, count: int = 1) -> list[datetime]:
        """The next ``count`` cut-offs after ``instant``; fewer if the schedules have no more."""
        found: list[datetime] = []
        for ahead in range(DAYS_AHEAD_MAX + 1):
            day = self._day_before(instant) + timedelta(days=ahead)
            found += [cut_off for cut_off in self.on(day) if cut_off > instant]
            if len(found) >= count:
                break
        return found[:count]

    def passed(self, *, since: datetime, until: datetime) -> Iterator[datetime]:
        """The cut-offs after ``since`` and until ``until``, newest first."""
        begin = min((schedule.effective_from for schedule in self._schedules), default=date.max)
        first = max(self._day_before(since), begin)
        day = until.astimezone(self.zone).date()
        while day >= first:
            yield from (cut_off for cut_off in reversed(self.on(day)) if since < cut_off <= until)
            day -= timedelta(days=1)

    def _day_before(self, instant: datetime) -> date:
        """First day to search: a cut-off that daylight saving skips may fall on the following day."""
        return instant.astimezone(self.zone).date() - timedelta(days=1)
