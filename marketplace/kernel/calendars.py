"""Business days: all but weekends, Japan's public holidays, the year-end bank holidays and further closed days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import jpholiday

SATURDAY = 5


class BusinessCalendar:
    """The business days of banks in Japan: no weekends, public holidays, 31 December to 3 January, or ``closed`` days.

    Source: Order for Enforcement of the Banking Act, article 5; public holidays by ``jpholiday``.
    """

    def __init__(self, closed: Iterable[date] = ()) -> None:
        """``closed``: further closed days of this market."""
        self.closed = frozenset(closed)

    def is_business_day(self, day: date) -> bool:
        """Whether ``day`` is a business day."""
        year_end = (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}
        return not (day.weekday() >= SATURDAY or year_end or day in self.closed or jpholiday.is_holiday(day))

    def roll_forward(self, day: date) -> date:
        """``day`` if it is a business day, else the next business day (the "following" convention)."""
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day

    def roll_back(self, day: date) -> date:
        """``day`` if it is a business day, else the last one before it (the "preceding" convention)."""
        while not self.is_business_day(day):
            day -= timedelta(days=1)
        return day

    def add_business_days(self, day: date, business_days: int) -> date:
        """The business day that is ``business_days`` business days after ``day``."""
        for _ in range(business_days):
            day = self.roll_forward(day + timedelta(days=1))
        return day


def funding_deadline(concluded_at: datetime, funding_days: int, zone: ZoneInfo) -> datetime:
    """The end (UTC) of the last day on which the price of an agreement is paid in, ``funding_days`` business days after its day in ``zone``."""
    calendar = BusinessCalendar()
    day = concluded_at.astimezone(zone).date()
    last_day = calendar.roll_forward(calendar.add_business_days(day, funding_days))
    return datetime.combine(last_day + timedelta(days=1), time.min, zone).astimezone(UTC)


SHIFT_DAYS_MAX = 2
"""So many days a payment by law is made later where its last day is a bank holiday and both agreed so in writing beforehand."""


def last_payment_day(received_on: date, payment_days: int, *, holiday_shift: bool) -> date:
    """The last day on which commissioned work that was received on ``received_on`` is paid for, inspected or not.

    The day of receipt is day 1 of ``payment_days``. If the last of them is no bank business day, it is the last one before; with
    ``holiday_shift``, agreed in writing beforehand, the next one if that comes within ``SHIFT_DAYS_MAX`` days (取適法, article 3, and its
    guideline).
    """
    calendar, day = BusinessCalendar(), received_on + timedelta(days=payment_days - 1)
    later = calendar.roll_forward(day)
    if holiday_shift and later - day <= timedelta(days=SHIFT_DAYS_MAX):
        return later
    return calendar.roll_back(day)
