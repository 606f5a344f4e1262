"""Periods that a bundle covers: whole days of the market's calendar. Pure, but for the market's time zone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
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

    def without(self, others: Iterable[Period]) -> list[Period]:
        """What is left of it, in order, without the days of others, which are in order and do not overlap."""
        left, day = [], self.first_day
        for other in others:
            if other.first_day > day:
                left.append(Period(day, other.first_day - timedelta(days=1)))
            day = max(day, other.last_day + timedelta(days=1))
        return [*left, Period(day, self.last_day)] if day <= self.last_day else left

    def shorter_than(self, failed: Collection[Period]) -> Iterator[Period]:
        """Itself, or its halves where it is one of ``failed``, and so on; a single day that failed is left out."""
        if self not in failed:
            yield self
        elif self.days > 1:
            middle = self.first_day + timedelta(days=self.days // 2)
            yield from Period(self.first_day, middle - timedelta(days=1)).shorter_than(failed)
            yield from Period(middle, self.last_day).shorter_than(failed)

    def window(self, column: str) -> dict[str, datetime]:
        """The filter of a query for rows whose moment ``column`` is within the period."""
        return {f"{column}__gte": self.starts_at, f"{column}__lt": self.ends_at}


def month_before(day: date) -> Period:
    """The calendar month before that of ``day``."""
    last = day.replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), last)
