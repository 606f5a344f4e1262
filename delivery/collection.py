"""The time within which a buyer must download what it bought."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.rules.queries import parameter


def collection_period(now: datetime) -> timedelta:
    """How long access that nobody used stays open (``collection_days`` of the rulebook in force at ``now``)."""
    return timedelta(days=int(parameter("collection_days", at=now)))


def collection_deadline(now: datetime) -> datetime:
    """Access granted before this instant must have been used by ``now`` (``collection_days`` of the rulebook)."""
    return now - collection_period(now)
