"""Business days. Holidays come from data: Japan's public holidays, year-end bank closing, and extra dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import jpholiday

SATURDAY = 5


class BusinessCalendar:
    """Which days banks in Japan settle on: not weekends, public holidays, 31 December to 3 January, or ``closed``.

    Source: Order for Enforcement of the Banking Act, article 5; public holidays by ``jpholiday``.
    """

    def __init__(self, closed: Iterable[date] = ()) -> None:
        """``closed`` are further days on which this market does not settle."""
        self.closed = frozenset(closed)

    def is_business_day(self, day: date) -> bool:
        """Whether banks settle on ``day``."""
        year_end = (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}
        return not (day.weekday() >= SATURDAY or year_end or day in self.closed or jpholiday.is_holiday(day))

    def following(self, day: date) -> date:
        """``day`` itself if it is a business day, else the next one."""
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day

    def after(self, day: date, business_days: int) -> date:
        """The date ``business_days`` business days after ``day``."""
        for _ in range(business_days):
            day = self.following(day + timedelta(days=1))
        return day
