"""Queries on tasks, notices and mail."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from marketplace.approvals.queries import reads_all
from marketplace.kernel.actors import Actor

from .models import MailMessage, Notice, Task
from .states import MailState, TaskKind, TaskState


def tasks_of(actor: Actor) -> QuerySet[Task]:
    """Tasks of the actor's own organisation, also for the operator: those that all its people read, or that need what the actor
    may do; all of them for who audits it. Raises Forbidden if it has none.
    """
    own = Task.objects.filter(organisation_id=actor.require_organisation())
    return own if reads_all(actor) else own.filter(needs__in=["", *sorted(actor.permissions)])


def notices_of(actor: Actor) -> QuerySet[Notice]:
    """Notices to the actor's own organisation, also for the operator. Raises Forbidden if it has none."""
    return Notice.objects.filter(organisation_id=actor.require_organisation())


def latest_task_subject(thread: str, kinds: tuple[str, ...]) -> str | None:
    """The subject of the newest task of these kinds in a thread, or None."""
    task = Task.objects.filter(thread=thread, kind__in=kinds).order_by("-pk").first()
    return task.subject if task else None


def counts() -> dict[str, int]:
    """Numbers of tasks ``open``, ``done`` and ``moot``, of ``notices``, and of mail ``queued``, ``sent``, ``failed``."""
    tasks = dict(Task.objects.values_list("state").annotate(count=Count("id")))
    mail = dict(MailMessage.objects.values_list("state").annotate(count=Count("id")))
    return {
        **{state: tasks.get(state, 0) for state in TaskState.values},
        "notices": Notice.objects.count(),
        **{state: mail.get(state, 0) for state in MailState.values},
    }


def open_subjects(kind: TaskKind, prefix: str = "") -> QuerySet[Task, str]:
    """About what there are open tasks of a kind; of identifiers that begin with ``prefix``."""
    rows = Task.objects.filter(kind=kind, state=TaskState.OPEN, subject__startswith=prefix)
    return rows.values_list("subject", flat=True)
