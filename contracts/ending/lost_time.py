"""How much of the time of an agreement was lost and given back, and where access is open, as the application that serves the data tells.

Public: such an application declares ``LostTime(...)`` in its ``lost_time.py``, which is imported at start-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)

_TOLD: list[LostTime] = []


@dataclass(frozen=True, slots=True)
class LostTime:
    """``given_back`` returns the time that was lost and given back under an agreement (public identifier); ``lost_since`` of that what was
    given back after a moment, with a suspension of access that still runs; ``open_agreements`` the agreements with access that has not
    ended, for a subquery."""

    given_back: Callable[[str], timedelta]
    lost_since: Callable[[str, datetime], timedelta]
    open_agreements: Callable[[], QuerySet[Any, str]]

    def __post_init__(self) -> None:
        """Register it."""
        _TOLD.append(self)


def time_given_back(agreement: str) -> timedelta:
    """The time by which the durations of an agreement end later."""
    return sum((each.given_back(agreement) for each in _TOLD), timedelta())


def time_lost_since(agreement: str, moment: datetime) -> timedelta:
    """The time of access that was given back since a moment, or is being lost now."""
    return sum((each.lost_since(agreement, moment) for each in _TOLD), timedelta())


def without_access(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the agreements under which no access is open."""
    for each in _TOLD:
        rows = rows.exclude(public_id__in=each.open_agreements())
    return rows
