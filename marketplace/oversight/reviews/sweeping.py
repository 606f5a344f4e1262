"""Tell the parties of reviews whose seal is over: silence tells, it does not hide."""

from __future__ import annotations

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop

from .queries import due_to_tell
from .services import tell_parties

TELLING = Loop("oversight.tell")
TOLD_A_RUN = 200


def tell_due() -> int:
    """Tell of each review whose seal is over, in its own transaction; returns how many."""
    due = due_to_tell(clock.now()).exclude(public_id__in=TELLING.standing_aside())
    return TELLING.each(due.values_list("public_id", flat=True)[:TOLD_A_RUN], _tell)


def _tell(review: str) -> bool:
    tell_parties(actor=SYSTEM, review=review)
    return True
