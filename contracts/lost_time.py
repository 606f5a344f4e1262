"""How much of the time of an agreement was lost and given back, as the application that serves the data tells.

Public: such an application declares ``LostTime(...)`` in its ``lost_time.py``, which is imported at start-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

_TOLD: list[LostTime] = []


@dataclass(frozen=True, slots=True)
class LostTime:
    """``given_back`` returns the time that was lost and given back under an agreement (public identifier)."""

    given_back: Callable[[str], timedelta]

    def __post_init__(self) -> None:
        """Register it."""
        _TOLD.append(self)


def time_given_back(agreement: str) -> timedelta:
    """The time by which the durations of an agreement end later."""
    return sum((each.given_back(agreement) for each in _TOLD), timedelta())
