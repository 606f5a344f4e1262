"""Limits of time: days, instants and durations, and when a right of use ends. Pure.

One home of these, for what decides a question, what compares rights, what ends access and what a contract's text says of it.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketplace.kernel.labels import Label

DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONTHS = 12
DAYS_A_WEEK = 7


def end_of_use(
    valid_until: str | None, duration: str | None, agreed_at: datetime, zone: ZoneInfo
) -> tuple[datetime, str] | None:
    """When rights agreed at ``agreed_at`` end, and which choice says so (``valid_until`` or ``duration``); None if neither is stated."""
    ends = []
    if valid_until is not None:
        ends.append((span(valid_until, zone)[1], "valid_until"))
    if duration is not None:
        ends.append((end_of(agreed_at.astimezone(zone), duration), "duration"))
    return min(ends, default=None)


def span(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a date in ``zone`` and the first after it; of a date and time, that instant twice.

    Raises ValueError for any other text.
    """
    if DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return tuple(  # type: ignore[return-value]
            datetime.combine(one, time.min, tzinfo=zone) for one in (day, day + timedelta(days=1))
        )
    instant = datetime.fromisoformat(text)
    instant = instant if instant.tzinfo else instant.replace(tzinfo=zone)
    return instant, instant


def length(duration: str) -> tuple[int, int]:
    """An ISO 8601 duration of years, months, weeks and days as (months, days); raises ValueError for any other."""
    match = DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise ValueError(f"{duration} is no duration in years, months, weeks and days")
    years, months, weeks, days = (int(value or 0) for value in match.groups())
    return years * MONTHS + months, weeks * DAYS_A_WEEK + days


def end_of(start: datetime, duration: str) -> datetime:
    """The first instant after a period of ``duration`` (ISO 8601: years, months, weeks, days), in the zone of ``start``.

    The day of ``start`` is not counted, and the last day is counted to its end. Where the month has no day that corresponds to the
    first day counted, the period ends with the last day of that month (Civil Code, articles 140, 141 and 143). A period of zero ends when it
    begins. The one home of this: contracts state it in the words of ``period_words``, answers and the end of access follow it, and
    PostgreSQL repeats it (``listings.rights_guards``). Raises ValueError for any other duration, OverflowError beyond the year 9999.
    """
    months, days = length(duration)
    if not months and not days:
        return start
    first = start.date() + timedelta(days=1)
    index = first.month - 1 + months
    year, month = first.year + index // MONTHS, index % MONTHS + 1
    last = calendar.monthrange(year, month)[1]
    after = date(year, month, min(first.day, last)) + timedelta(days=days + (first.day > last))
    return datetime.combine(after, time.min, tzinfo=start.tzinfo)


_UNITS = (("year", "年"), ("month", "か月"), ("week", "週"), ("day", "日"))


def period_words(duration: str) -> Label:
    """A duration as ``end_of`` counts it, in words; raises ValueError for what is none."""
    length(duration)
    match = DURATION.fullmatch(duration)
    counts = [int(value or 0) for value in match.groups()] if match else []
    parts = [(count, unit) for count, unit in zip(counts, _UNITS, strict=True) if count]
    en = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, (name, _) in parts) or "0 days"
    ja = "".join(f"{count}{name}" for count, (_, name) in parts) or "0日"
    return Label(
        f"{en} from the agreement, whose day is not counted, to the end of the last day (Japan time)",
        f"契約成立の日の翌日から起算して{ja}間（末日の24時まで、日本時間）",
    )


def day_words(day: str) -> Label:
    """A last day as ``span`` counts it, in words."""
    return Label(f"{day}, to the end of that day (Japan time)", f"{day}の24時まで（日本時間）")
