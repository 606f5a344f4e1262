"""The end of the term of access: the end of the agreed right of use. Pure.

Reads the permissions of an ODRL 2.2 policy: ``dateTime`` limits (until a day) and ``elapsedTime`` limits (for a
duration from the agreement).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LIMITS = frozenset({"lt", "lteq"})
DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
MONTHS = 12


def access_until(policy: Mapping[str, Any], agreed_at: datetime, zone: ZoneInfo) -> datetime | None:
    """The earliest end (UTC) that a permission of ``policy`` sets, or None; raises ValueError for an invalid limit."""
    ends = list(_ends(policy, agreed_at, zone))
    return min(ends).astimezone(UTC) if ends else None


def last_day(policy: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
    """The earliest end (UTC) that a permission states as a day or moment, not as a duration; None if none does.

    Access that was lost is given back up to here: the parties signed it as the last day of the right of use.
    """
    ends = list(_ends(policy, None, zone))
    return min(ends).astimezone(UTC) if ends else None


def _ends(policy: Mapping[str, Any], agreed_at: datetime | None, zone: ZoneInfo) -> Iterator[datetime]:
    """The ends that permissions set; durations are left out without a beginning."""
    for permission in policy.get("permission", ()):
        for constraint in permission.get("constraint", ()):
            operand = str(constraint.get("leftOperand", "")).removeprefix("odrl:")
            if str(constraint.get("operator", "")).removeprefix("odrl:") not in LIMITS:
                continue
            if operand == "dateTime":
                yield _end_of(_text(constraint["rightOperand"]), zone)
            elif operand == "elapsedTime" and agreed_at is not None:
                yield after(agreed_at.astimezone(zone), _text(constraint["rightOperand"]))


def _text(operand: Any) -> str:
    """The text of a JSON-LD right operand: plain, or with a type."""
    return str(operand["@value"] if isinstance(operand, Mapping) else operand)


def _end_of(text: str, zone: ZoneInfo) -> datetime:
    """The instant of a date (its end, in ``zone``) or of a date and time."""
    if len(text) == len("2026-12-31"):
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time.min, tzinfo=zone)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def after(start: datetime, duration: str) -> datetime:
    """``start`` plus an ISO 8601 duration of years, months, weeks and days; raises ValueError for any other.

    If the month does not have the day, its last day counts (Civil Code, article 143).
    """
    match = DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise ValueError(f"{duration} is no duration in years, months, weeks and days")
    years, months, weeks, days = (int(value or 0) for value in match.groups())
    index = start.month - 1 + months + years * MONTHS
    year, month = start.year + index // MONTHS, index % MONTHS + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day) + timedelta(weeks=weeks, days=days)
