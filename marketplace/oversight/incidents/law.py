"""Within which days an incident is reported, by dated law, and on which day that ends. Pure and public.

個人情報の保護に関する法律 第26条第1項, 同施行規則 第8条: a first report promptly, which the commission's guideline puts at three to
five days; a full one within thirty days, sixty where somebody acted with a wrongful purpose. The day of knowing is day 1. The
last day of a full report that is a weekend or holiday moves to the next business day. A prompt report is no period that could move,
so its day does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketplace.kernel.calendars import BusinessCalendar

from .states import Duty, Ground

DEMANDED = frozenset({Ground.SPECIAL_CARE, Ground.PROPERTY, Ground.WRONGFUL, Ground.MANY})
PERSONS_MANY = 1_000
_SOURCE = "個人情報の保護に関する法律 第26条第1項・同施行規則 第8条"


@dataclass(frozen=True, slots=True)
class LegalClock:
    """A duty on these grounds is due on day ``days``, of what was known from ``since`` on, until the day before ``until``."""

    duty: Duty
    grounds: frozenset[Ground]
    days: int
    moves: bool
    since: date
    until: date | None = None
    source: str = _SOURCE

    def applies(self, ground: str, known_on: date) -> bool:
        """Whether it governs what was known on that day on that ground."""
        return (
            ground in self.grounds
            and self.since <= known_on
            and (self.until is None or known_on < self.until)
        )

    def due_on(self, known_on: date, calendar: BusinessCalendar) -> date:
        """The last day. The day of knowing is day 1."""
        last = known_on + timedelta(days=self.days - 1)
        return calendar.roll_forward(last) if self.moves else last


CLOCKS: tuple[LegalClock, ...] = (
    LegalClock(Duty.FIRST, DEMANDED, days=5, moves=False, since=date(2022, 4, 1)),
    LegalClock(Duty.FULL, DEMANDED - {Ground.WRONGFUL}, days=30, moves=True, since=date(2022, 4, 1)),
    LegalClock(Duty.FULL, frozenset({Ground.WRONGFUL}), days=60, moves=True, since=date(2022, 4, 1)),
)

SINCE = max(min(each.since for each in CLOCKS if each.duty == duty) for duty in Duty)
"""The day since which law sets each duty; what was known before would have none."""


@dataclass(frozen=True, slots=True)
class Due:
    """A duty with its last day, the moment at which that ends, and the days that law gives."""

    duty: Duty
    days: int
    due_on: date
    due_at: datetime
    source: str


def duties(ground: str, known_on: date, zone: ZoneInfo) -> list[Due]:
    """What must be reported of an incident that was known on a day (of the market's zone), and until when."""
    calendar = BusinessCalendar()
    return [
        Due(
            duty=clock.duty,
            days=clock.days,
            due_on=(day := clock.due_on(known_on, calendar)),
            due_at=datetime.combine(day, time(23, 59), tzinfo=zone),
            source=clock.source,
        )
        for clock in CLOCKS
        if clock.applies(ground, known_on)
    ]
