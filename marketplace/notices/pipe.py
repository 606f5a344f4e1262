"""Tasks of the operator for what is parked or stands aside: events, jobs and rows that wait until a cause is repaired.

They are opened from the tables themselves, because an event about a parked event might be parked too. A cause that
parks many events of one handler, or jobs of one kind, is one task: it floods nobody with tasks and mail.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import transaction

from marketplace.events import queries as events
from marketplace.events.models import InboxEntry
from marketplace.events.services import retry_parked
from marketplace.evidence.services import record
from marketplace.jobs import queries as jobs
from marketplace.kernel.actors import Actor
from marketplace.kernel.aside import Loop, rows_standing_aside
from marketplace.kernel.clock import real_now
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.models import AsideRow
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import operator_organisation

from .models import Task
from .parked_texts import PARKED_EVENTS, PARKED_FOR_ONE_CAUSE, PARKED_JOBS, ROW_ASIDE, ROWS_ASIDE
from .services import close_tasks, open_task
from .states import TaskKind, TaskState
from .texts import TASK_TITLES, fill_label

TASKS_EACH_MAX = 3
"""Of a handler or a kind of jobs with more that is parked, there is one task."""
OPENED = Loop("notices.open_tasks")
CLOSED = Loop("notices.close_tasks")
ENTRY_PREFIX = "events/inbox/"
"""A task names an inbox entry by its address in the API, a job by its identifier, a cause by its handler or kind."""


@dataclass(slots=True)
class Cause:
    """The handler, the kind of jobs or the loop of which ``count`` wait. ``oldest``: subject → title of a task for each.

    ``is_one``: whether it has one task from the first on.
    """

    name: str
    title: Label
    count: int
    oldest: dict[str, Label] = field(default_factory=dict)
    is_one: bool = False


def watch_parked() -> int:
    """Open tasks for parked events and jobs and for rows that stand aside, and close those of what no longer does; returns
    their number.

    Each has its task, unless its kind of jobs has one cause; once a handler, a kind or a loop has more than TASKS_EACH_MAX, it has one task for all that follow,
    until nothing of it is parked. Each task is opened in a transaction of its own, so that none is lost with
    another.
    """
    try:
        operator = operator_organisation().id
    except Missing:
        return 0
    tasks = Task.objects.filter(organisation_id=operator, kind=TaskKind.REPAIR, state=TaskState.OPEN)
    opened = set(tasks.values_list("subject", flat=True))
    causes = _causes()
    wanted: dict[str, Label] = {}
    for cause in causes:
        is_one = cause.is_one or cause.count > TASKS_EACH_MAX or cause.name in opened
        wanted |= {cause.name: cause.title} if is_one else cause.oldest

    @transaction.atomic
    def open_for(subject: str) -> bool:
        open_task(
            organisation_id=operator,
            kind=TaskKind.REPAIR,
            subject=subject,
            thread=subject,
            title=wanted[subject],
        )
        return True

    @transaction.atomic
    def close_for(subject: str) -> bool:
        close_tasks(thread=subject, kinds=(TaskKind.REPAIR,), done_by=operator)
        return True

    if missing := [subject for subject in wanted if subject not in opened]:
        OPENED.each(missing, open_for)
    if repaired := sorted(_repaired(opened - wanted.keys())):
        CLOSED.each(repaired, close_for)
    return sum(cause.count for cause in causes)


@transaction.atomic
def retry_parked_event(*, actor: Actor, entry_id: int) -> InboxEntry:
    """Let a parked inbox entry be handled again, after the operator has repaired the cause; recorded as evidence."""
    actor.require(Permission.SUPPORT_WRITE)
    entry = retry_parked(entry_id=entry_id)
    record(
        kind="events.retried",
        subject=entry.event.public_id,
        actor=actor,
        payload={"entry": entry.pk, "handler": entry.handler},
    )
    return entry


@transaction.atomic
def retry_aside_row(*, actor: Actor, row: str) -> AsideRow:
    """Let a row that stands aside be tried at the next run of its loop; one that nobody tries again is done with.

    Recorded as evidence. A row that has ended stays as it is. Raises Missing, Forbidden.
    """
    actor.require(Permission.SUPPORT_WRITE)
    subject = AsideRow.objects.select_for_update().filter(public_id=row).first()
    if subject is None:
        raise Missing(kind="row that stands aside", identifier=row)
    if subject.ended_at is not None:
        return subject
    if subject.next_at is None:
        subject.ended_at = real_now()
    else:
        subject.next_at = real_now()
    subject.save(update_fields=["next_at", "ended_at"])
    record(
        kind="kernel.aside_retried",
        subject=subject.public_id,
        actor=actor,
        payload={"loop": subject.loop, "row": subject.subject, "failures": subject.failures},
    )
    return subject


def _causes() -> list[Cause]:
    """What is parked or stands aside, by handler of events, kind of jobs and loop over rows."""
    title = TASK_TITLES[TaskKind.REPAIR]
    causes: dict[str, Cause] = {}
    for entry in events.parked(TASKS_EACH_MAX):
        many = fill_label(PARKED_EVENTS, handler=entry.handler)
        cause = causes.setdefault(entry.handler, Cause(entry.handler, many, entry.of_handler))
        what = f"{entry.handler} ({entry.type} {entry.subject})"
        cause.oldest[f"{ENTRY_PREFIX}{entry.id}"] = fill_label(title, what=what)
    for job in jobs.parked(TASKS_EACH_MAX):
        many = fill_label(PARKED_FOR_ONE_CAUSE if job.has_one_cause else PARKED_JOBS, kind=job.kind)
        cause = causes.setdefault(job.kind, Cause(job.kind, many, job.of_kind, is_one=job.has_one_cause))
        cause.oldest[job.public_id] = fill_label(title, what=f"{job.kind} ({job.subject})")
    for row in rows_standing_aside():
        many = fill_label(ROWS_ASIDE, loop=row.loop)
        cause = causes.setdefault(row.loop, Cause(row.loop, many, 0))
        cause.count += 1
        if cause.count <= TASKS_EACH_MAX:
            cause.oldest[row.public_id] = fill_label(
                ROW_ASIDE, row=row.subject, loop=row.loop, error=row.error
            )
    return list(causes.values())


def _repaired(subjects: Collection[str]) -> set[str]:
    """Which of these subjects of open tasks name nothing that is parked; those of causes do not."""
    entries = {subject for subject in subjects if subject.startswith(ENTRY_PREFIX)}
    parked = {
        f"{ENTRY_PREFIX}{key}"
        for key in events.parked_among([int(subject.removeprefix(ENTRY_PREFIX)) for subject in entries])
    }
    aside = set(rows_standing_aside().filter(public_id__in=subjects).values_list("public_id", flat=True))
    return set(subjects) - parked - aside - jobs.parked_among(set(subjects) - entries)
