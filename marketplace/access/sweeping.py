"""Tell participants of accesses whose review date has come: silence tells, it does not hide."""

from __future__ import annotations

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop

from .queries import due_to_tell
from .services import tell_participant

TELLING = Loop("access.tell")
TOLD_A_RUN = 200


def tell_due() -> int:
    """Tell of each access whose review date has come, in its own transaction; returns how many."""
    due = due_to_tell(clock.now()).exclude(public_id__in=TELLING.standing_aside())
    return TELLING.each(due.values_list("public_id", flat=True)[:TOLD_A_RUN], _tell)


def _tell(access: str) -> bool:
    tell_participant(actor=SYSTEM, access=access)
    return True
