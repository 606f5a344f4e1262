"""Reminds of cases that nobody decided in time."""

from __future__ import annotations

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop

from .queries import overdue
from .services import remind_of

REMINDING = Loop("cases.remind")
REMINDED_A_RUN = 200


def remind_due() -> int:
    """Remind of each case that is overdue, in its own transaction; returns of how many."""
    due = overdue(clock.now()).exclude(public_id__in=REMINDING.standing_aside())
    return REMINDING.each(due.values_list("public_id", flat=True)[:REMINDED_A_RUN], remind_of)
