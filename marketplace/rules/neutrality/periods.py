"""Periods that a bundle covers: whole days of the market's calendar. Pure, but for the market's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from marketplace.kernel import clock

DAYS_MAX = 31


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``first_day`` to ``last_day``, both included, in the market's time zone."""

    first_day: date
    last_day: date

    @property
    def starts_at(self) -> datetime:
        """The first moment of the period."""
        return datetime.combine(self.first_day, time.min, tzinfo=clock.market_zone())

    @property
    def ends_at(self) -> datetime:
        """The first moment after the period."""
        return datetime.combine(self.last_day + timedelta(days=1), time.min, tzinfo=clock.market_zone())

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_day - self.first_day).days + 1

    def window(self, column: str) -> dict[str, datetime]:
        """The filter of a query for rows whose moment ``column`` is within the period."""
        return {f"{column}__gte": self.starts_at, f"{column}__lt": self.ends_at}


def month_before(day: date) -> Period:
    """The calendar month before that of ``day``."""
    last = day.replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), last)
