"""Reminds of cases that nobody decided in time, and asks for people on call."""

from __future__ import annotations

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import operator_organisation

from .on_call import TAKES
from .queries import kept_until, overdue
from .services import ask_for_people, look_again, remind_of

REMINDING = Loop("cases.remind")
REMINDED_A_RUN = 200
KEPT = Loop("cases.look_again")
STAFFING = Loop("cases.on_call")


def remind_due() -> int:
    """Remind of each case that is overdue, in its own transaction; returns of how many."""
    due = overdue(clock.now()).exclude(public_id__in=REMINDING.standing_aside())
    return REMINDING.each(due.values_list("public_id", flat=True)[:REMINDED_A_RUN], remind_of)


def look_again_due() -> int:
    """Open another case of each admission that was kept until now, in its own transaction; returns of how many."""
    due = kept_until(clock.now()).exclude(public_id__in=KEPT.standing_aside())
    return KEPT.each(due.values_list("public_id", flat=True)[:REMINDED_A_RUN], look_again)


def keep_staffed() -> int:
    """Ask for people for each duty for which too few are on call in the next days; returns for how many."""
    try:
        operator_organisation()
    except Missing:
        return 0  # the market has no operator yet
    return STAFFING.each(TAKES, ask_for_people)
