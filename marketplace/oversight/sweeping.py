"""What the registers do by themselves."""

from __future__ import annotations

from .activity.services import remove_expired
from .incidents.sweeping import remind_due


def sweep() -> int:
    """Remind the operator of what is due, and let files go; returns how many rows were worked on."""
    return remind_due() + remove_expired()
