"""Ask for people where a hold is to be reviewed that fewer than two may lift."""

from __future__ import annotations

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.kernel.permissions import Permission
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.queries import open_subjects
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import unrelated_deciders

from . import texts
from .models import LIFTS, LegalHold
from .services import concerned_by

LIFTING = Loop("oversight.holds_somebody_lifts")
PEOPLE_MIN = 2
WORKED_A_RUN = 200


def ask_for_lifters() -> int:
    """Keep the owners' task to find people open for each hold to be reviewed that fewer than two may lift; returns how many there are."""
    due = LegalHold.objects.filter(lifted_at=None, review_at__lte=clock.now())
    rows = due.exclude(public_id__in=LIFTING.standing_aside()).order_by("review_at", "pk")
    asked = set(open_subjects(TaskKind.STAFF, "lhd_"))
    return LIFTING.each(
        rows[:WORKED_A_RUN], lambda hold: _ask(hold, asked), subject=lambda hold: hold.public_id
    )


@transaction.atomic
def _ask(hold: LegalHold, asked: set[str]) -> int:
    if unrelated_deciders(LIFTS, concerned_by(hold)) >= PEOPLE_MIN:
        if hold.public_id in asked:
            finish_for_operator(TaskKind.STAFF, hold.public_id)
        return 0
    if hold.public_id not in asked:
        ask_operator(
            TaskKind.STAFF,
            hold.public_id,
            title=texts.NOBODY_LIFTS,
            needs=Permission.ORGANISATION_WRITE,
            hold=hold.public_id,
        )
    return 1
