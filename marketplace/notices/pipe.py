"""Tasks of the operator for what is parked: events and jobs that nobody tries again before a cause is repaired.

They are opened from the tables themselves, because an event about a parked event might be parked too.
"""

from __future__ import annotations

from marketplace.events import queries as events
from marketplace.jobs import queries as jobs
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.participants.queries import operator_organisation

from .models import Task
from .services import close_tasks, open_task
from .states import TaskKind, TaskState
from .texts import TASK_TITLES, fill_label

PARKED_MAX = 500
"""As many are looked at; a market with more has one cause, and the operator sees it from these."""


def watch_parked() -> int:
    """Open a task for each parked event and job, and close those of what is no longer parked; returns the number parked.

    Each task is opened in a transaction of its own, so that many at once exceed no limit and none is lost with another.
    """
    try:
        operator = operator_organisation().id
    except Missing:
        return 0
    parked = _parked()
    open_tasks = Task.objects.filter(organisation_id=operator, kind=TaskKind.REPAIR, state=TaskState.OPEN)
    told = set(open_tasks.values_list("subject", flat=True))
    for subject, title in parked.items():
        if subject not in told:
            open_task(
                organisation_id=operator, kind=TaskKind.REPAIR, subject=subject, thread=subject, title=title
            )
    if len(parked) < PARKED_MAX:
        for subject in told.difference(parked):
            close_tasks(thread=subject, kinds=(TaskKind.REPAIR,), done_by=operator)
    return len(parked)


def _parked() -> dict[str, Label]:
    """What is parked: subject of its task → title. An inbox entry is named by its address in the API."""
    title = TASK_TITLES[TaskKind.REPAIR]
    found = {
        f"events/inbox/{entry.id}": fill_label(title, what=f"{entry.handler} ({entry.type} {entry.subject})")
        for entry in events.parked(PARKED_MAX)
    }
    for job in jobs.parked(PARKED_MAX - len(found)):
        found[job.public_id] = fill_label(title, what=f"{job.kind} ({job.subject})")
    return found
