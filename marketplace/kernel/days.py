"""Days that anybody states: within the years that every zone and every term counted from them has. Pure."""

from __future__ import annotations

from datetime import date

from .bounds import YEAR_MAX, YEAR_MIN
from .errors import FieldInvalid
from .labels import Label

FAR_YEAR = Label(
    f"Choose a year from {YEAR_MIN} to {YEAR_MAX}.", f"{YEAR_MIN}年から{YEAR_MAX}年までを指定してください。"
)


def is_far(day: date) -> bool:
    """Whether a day, or a moment, is in a year that nobody states."""
    return not YEAR_MIN <= day.year <= YEAR_MAX


def stated_day(field: str, day: date) -> date:
    """The day; raises FieldInvalid for ``field`` if its year is far."""
    if is_far(day):
        raise FieldInvalid(field, FAR_YEAR)
    return day
