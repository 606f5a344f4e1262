"""How long a buyer may leave uncollected what it paid for."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.rules import queries as rules
from marketplace.rules.errors import NoParameter, NoRulebook

COLLECTION_DAYS = 30


def collection_days() -> int:
    """``collection_days`` of the rulebook; 30 where it says nothing."""
    try:
        return int(rules.parameter("collection_days"))
    except (NoParameter, NoRulebook):
        return COLLECTION_DAYS


def collected_by(now: datetime) -> datetime:
    """What was granted up to this instant must have been collected by ``now``."""
    return now - timedelta(days=collection_days())
