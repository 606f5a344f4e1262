"""Opens and closes tasks of the operator."""

from __future__ import annotations

from datetime import datetime

from marketplace.kernel.labels import Label
from marketplace.participants.queries import operator_organisation

from .services import close_tasks, open_task
from .states import TaskKind
from .texts import TASK_TITLES, fill_label


def ask_operator(
    kind: TaskKind,
    subject: str,
    *,
    thread: str = "",
    deadline: datetime | None = None,
    title: Label | None = None,
    **words: str | dict[str, str],
) -> None:
    """Open a task of the operator; its thread is its subject, and its title that of its kind, unless stated."""
    open_task(
        organisation_id=operator_organisation().id,
        kind=kind,
        subject=subject,
        thread=thread or subject,
        title=fill_label(title or TASK_TITLES[kind], **words),
        deadline=deadline,
    )


def finish_for_operator(kind: TaskKind, thread: str) -> None:
    """Close the tasks of a kind and thread that the operator has."""
    close_tasks(thread=thread, kinds=(kind,), done_by=operator_organisation().id)
