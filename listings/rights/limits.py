"""Limits of time: days, instants and durations, and when a right of use ends. Pure.

One home of these, for what decides a question, what compares rights and what ends access.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .rules import Atom, read_policy

LIMITS = frozenset({"lt", "lteq"})
DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MONTHS = 12
DAYS_A_WEEK = 7


def access_until(policy: Mapping[str, Any], agreed_at: datetime, zone: ZoneInfo) -> datetime | None:
    """The earliest end (UTC) that a permission of ``policy`` sets, or None; raises ValueError for an invalid limit."""
    ends = list(_ends(policy, agreed_at, zone))
    return min(ends).astimezone(UTC) if ends else None


def _ends(policy: Mapping[str, Any], agreed_at: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    for permission in read_policy(policy).permissions:
        for condition in permission.conditions:
            if not isinstance(condition, Atom) or condition.operator not in LIMITS:
                continue
            if condition.left == "dateTime":
                start, end = span(condition.right[0], zone)
                yield start if condition.operator == "lt" else end
            elif condition.left == "elapsedTime":
                yield after(agreed_at.astimezone(zone), condition.right[0])


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


def after(start: datetime, duration: str) -> datetime:
    """``start`` plus an ISO 8601 duration of years, months, weeks and days; raises ValueError for any other.

    If the month does not have the day, its last day counts (Civil Code, article 143).
    """
    months, days = length(duration)
    index = start.month - 1 + months
    year, month = start.year + index // MONTHS, index % MONTHS + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day) + timedelta(days=days)
