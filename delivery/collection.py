"""How long a buyer may leave uncollected what it paid for."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.rules.queries import parameter


def collected_by(now: datetime) -> datetime:
    """What was granted up to this instant must have been collected by ``now`` (``collection_days`` of the rulebook)."""
    return now - timedelta(days=int(parameter("collection_days")))
