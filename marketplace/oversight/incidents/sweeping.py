"""Remind the operator of reports that are due soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.kernel.parameters import parameter
from marketplace.notices.operator_tasks import ask_operator
from marketplace.notices.states import TaskKind

from . import texts
from .models import IncidentDeadline
from .queries import unmet_deadlines
from .states import Duty

REMINDING = Loop("oversight.remind")
REMINDED_A_RUN = 200


def remind_due() -> int:
    """Open the reminder of each report that is due within ``incident_reminder_days``; returns how many are due then."""
    soon = clock.now() + timedelta(days=parameter("incident_reminder_days"))
    due = (
        unmet_deadlines().filter(due_at__lte=soon).exclude(incident__public_id__in=REMINDING.standing_aside())
    )
    return REMINDING.each(due[:REMINDED_A_RUN], _remind, subject=lambda row: row.incident.public_id)


@transaction.atomic
def _remind(deadline: IncidentDeadline) -> int:
    incident = deadline.incident.public_id
    duties: dict[str, Any] = dict(Duty.choices)
    ask_operator(
        TaskKind.REPORT,
        f"{incident}:{deadline.duty}:soon",
        thread=f"{incident}:{deadline.duty}",
        deadline=deadline.due_at,
        title=texts.REPORT_SOON,
        incident=incident,
        duty=duties[deadline.duty].as_dict(),
        due_on=deadline.due_on.isoformat(),
    )
    return 1
