"""End seals whose review date has come, and ask people to look at records whose first term ends soon."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.queries import open_subjects
from marketplace.notices.states import TaskKind

from . import texts
from .models import STAFF
from .queries import due_to_end, unsealed_soon
from .services import end_over

ENDING = Loop("oversight.end_seals")
ASKING = Loop("oversight.ask_of_secrets")
WORKED_A_RUN = 200


def end_due() -> int:
    """End each seal that is over, in its own transaction; returns how many."""
    due = due_to_end(clock.now()).exclude(public_id__in=ENDING.standing_aside())
    return ENDING.each(
        due.values_list("public_id", flat=True)[:WORKED_A_RUN], lambda seal: end_over(seal=seal)
    )


def ask_of_secrets() -> int:
    """Open a task for each record whose first term ends soon, and close those of which it ended; returns how many."""
    asked = set(open_subjects(TaskKind.DISCLOSE, "evi_"))
    soon = dict(unsealed_soon())
    standing = set(ASKING.standing_aside())
    fresh = [(record, at) for record, at in soon.items() if record not in asked and record not in standing]
    over = [(record, None) for record in sorted(asked - set(soon))]
    return ASKING.each([*fresh[:WORKED_A_RUN], *over], _ask_or_close, subject=lambda each: each[0])


@transaction.atomic
def _ask_or_close(each: tuple[str, datetime | None]) -> int:
    record, ends_at = each
    if ends_at is None:
        finish_for_operator(TaskKind.DISCLOSE, record)
    else:
        ask_operator(
            TaskKind.DISCLOSE, record, deadline=ends_at, title=texts.FIRST_TERM, needs=STAFF, record=record
        )
    return 1
