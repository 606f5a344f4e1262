"""The time within which a buyer must download what it bought."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property

from marketplace.kernel import clock
from marketplace.rules.queries import parameter


class Moment:
    """The instant at which deliveries are judged: read once for a whole list, and only if there is one to judge."""

    @cached_property
    def now(self) -> datetime:
        """The business time."""
        return clock.now()

    @cached_property
    def collection_period(self) -> timedelta:
        """``collection_period`` at this instant."""
        return collection_period(self.now)


def collection_period(now: datetime) -> timedelta:
    """How long access that nobody used stays open (``collection_days`` of the rulebook in force at ``now``)."""
    return timedelta(days=int(parameter("collection_days", at=now)))


def collection_deadline(now: datetime) -> datetime:
    """Access granted before this instant must have been used by ``now`` (``collection_days`` of the rulebook)."""
    return now - collection_period(now)
