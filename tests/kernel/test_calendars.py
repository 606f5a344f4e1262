"""Banks in Japan settle on business days only."""

from datetime import date

import pytest

from marketplace.kernel.calendars import BusinessCalendar


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 12, 4), True),
        (date(2026, 12, 5), False),
        (date(2026, 12, 31), False),
        (date(2027, 1, 4), True),
        (date(2026, 11, 23), False),
    ],
)
def test_weekends_holidays_and_year_end_are_closed(day, open_):
    assert BusinessCalendar().is_business_day(day) is open_


def test_business_days_are_counted_over_the_year_end():
    assert BusinessCalendar().add_business_days(date(2026, 12, 30), 1) == date(2027, 1, 4)
    assert BusinessCalendar().roll_forward(date(2026, 12, 5)) == date(2026, 12, 7)


def test_a_market_closes_on_days_of_its_own():
    closed = BusinessCalendar(closed=[date(2026, 12, 4)])
    assert closed.roll_forward(date(2026, 12, 4)) == date(2026, 12, 7)
