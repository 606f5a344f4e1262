"""Remind the operator of reports that are due soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.kernel.parameters import parameter
from marketplace.notices.operator_tasks import ask_operator
from marketplace.notices.queries import open_subjects
from marketplace.notices.states import TaskKind

from . import texts
from .models import IncidentDeadline
from .queries import unmet_deadlines
from .states import Duty

REMINDING = Loop("oversight.remind")
REMINDED_A_RUN = 200
SOON = ":soon"


def remind_due() -> int:
    """Open the reminder of each report that is due within ``incident_reminder_days`` and has none; returns how many.

    Those with an open reminder are passed over: long overdue ones would else take every run, and starve the others.
    """
    soon = clock.now() + timedelta(days=parameter("incident_reminder_days"))
    due = (
        unmet_deadlines()
        .filter(due_at__lte=soon)
        .annotate(reminder=Concat("incident__public_id", Value(":"), "duty", Value(SOON)))
        .exclude(reminder__in=open_subjects(TaskKind.REPORT))
        .exclude(incident__public_id__in=REMINDING.standing_aside())
    )
    return REMINDING.each(due[:REMINDED_A_RUN], _remind, subject=lambda row: row.incident.public_id)


@transaction.atomic
def _remind(deadline: IncidentDeadline) -> int:
    incident = deadline.incident.public_id
    duties: dict[str, Any] = dict(Duty.choices)
    ask_operator(
        TaskKind.REPORT,
        f"{incident}:{deadline.duty}{SOON}",
        thread=f"{incident}:{deadline.duty}",
        deadline=deadline.due_at,
        title=texts.REPORT_SOON,
        incident=incident,
        duty=duties[deadline.duty].as_dict(),
        due_on=deadline.due_on.isoformat(),
    )
    return 1
