"""What the registers do by themselves."""

from __future__ import annotations

from .activity.services import remove_expired
from .holds.sweeping import ask_for_lifters
from .incidents.sweeping import remind_due
from .reviews.sweeping import tell_due
from .seals.sweeping import ask_of_secrets, end_due
from .timestamps.jobs import ask_for_timestamps


def sweep() -> int:
    """Remind the operator of what is due and of holds that nobody may lift, tell of reviews whose seal is over, end seals of records, let files go, and ask for
    timestamps; returns how many rows were worked on."""
    asked = remind_due() + ask_of_secrets() + ask_for_lifters() + ask_for_timestamps()
    return asked + tell_due() + end_due() + remove_expired()
