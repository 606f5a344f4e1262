"""The end of the inspection period. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketplace.kernel.calendars import BusinessCalendar


def end_of_inspection(received_on: date, inspection_days: int, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the inspection period of data received on ``received_on`` ends.

    ``inspection_days`` are the calendar days of the agreement. The day of receipt is not counted; the period ends at
    the end of its last day, or of the next business day if that is a closed day (Civil Code, articles 140 to 142), at
    midnight in the market's time zone.
    """
    last = BusinessCalendar().roll_forward(received_on + timedelta(days=inspection_days))
    return datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)
