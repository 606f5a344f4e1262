"""Opening and closing tasks, telling notices, and queueing the mail about both.

These are called by reactions to events, in the reaction's own transaction; only ``mark_read`` has a caller of its
own. What is told concerns one organisation, and its members alone read it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance
from marketplace.participants.queries import recipients

from .models import MailMessage, Notice, Task
from .states import TASK, TaskKind, TaskState
from .texts import MAIL_CLOSING, MAIL_DEADLINE, Wording, worded

MAIL_TITLE_LENGTH_MAX = 300


@transaction.atomic
def open_task(
    *,
    organisation_id: int,
    kind: TaskKind,
    subject: str,
    thread: str,
    title: Label,
    deadline: datetime | None = None,
) -> Task:
    """Ask an organisation to do something, and queue the mail about it.

    A task of this kind and subject that is open already stays the one task, with the new deadline and no new mail.
    """
    task, created = Task.objects.get_or_create(
        organisation_id=organisation_id,
        kind=kind,
        subject=subject,
        state=TaskState.OPEN,
        defaults={
            "thread": thread,
            "title": title.as_dict(),
            "deadline": deadline,
            "opened_at": clock.now(),
        },
    )
    if created:
        _queue_mail(task.public_id, organisation_id, subject, title, _deadline_words(deadline))
    elif task.deadline != deadline:
        task.deadline = deadline
        task.save(update_fields=["deadline"])
    return task


@transaction.atomic
def close_tasks(
    *,
    thread: str,
    kinds: Collection[TaskKind] = tuple(TaskKind),
    done_by: int | None = None,
    but: tuple[int, TaskKind] | None = None,
) -> int:
    """Close the open tasks of a thread, of the ``kinds`` named; returns how many.

    They are done for the organisation ``done_by`` (its key), and no longer needed for any other. ``but`` names one
    organisation and kind whose task stays open.
    """
    tasks = Task.objects.select_for_update().filter(thread=thread, kind__in=kinds, state=TaskState.OPEN)
    closed = 0
    for task in tasks.order_by("pk"):
        if but == (task.organisation_id, task.kind):
            continue
        command = "finish" if task.organisation_id == done_by else "drop"
        advance(task, TASK, command=command, role="system", closed_at=clock.now())
        closed += 1
    return closed


@transaction.atomic
def tell(*, organisation_id: int, subject: str, wording: Wording) -> Notice:
    """Tell an organisation something about ``subject``, and queue the mail about it."""
    notice = Notice.objects.create(
        organisation_id=organisation_id,
        subject=subject,
        title=wording.title.as_dict(),
        body=wording.body.as_dict(),
        told_at=clock.now(),
    )
    _queue_mail(notice.public_id, organisation_id, subject, wording.title, wording.body)
    return notice


@transaction.atomic
def mark_read(*, actor: Actor, notice: str) -> Notice:
    """Note that the actor's organisation has read a notice; reading it again changes nothing. Raises Missing."""
    row = Notice.objects.select_for_update().filter(public_id=notice).first()
    if row is None or row.organisation_id != actor.organisation_id:
        raise Missing(kind="notice", identifier=notice)
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at"])
    return row


def _deadline_words(deadline: datetime | None) -> Label | None:
    """The deadline in the market's time zone, in words; None without one."""
    if deadline is None:
        return None
    local = deadline.astimezone(clock.market_zone())
    return worded(MAIL_DEADLINE, deadline=f"{local:%Y-%m-%d %H:%M} ({settings.MARKET_TIME_ZONE})")


def _queue_mail(about: str, organisation_id: int, subject: str, title: Label, body: Label | None) -> None:
    """One mail a member, each in the member's language."""
    closing = worded(MAIL_CLOSING, market=settings.MARKET_IDENTIFIER, subject=subject)
    MailMessage.objects.bulk_create(
        MailMessage(
            about=about,
            user_id=person.user_id,
            address=person.address,
            title=title.in_language(person.language)[:MAIL_TITLE_LENGTH_MAX],
            text="\n\n".join(
                part.in_language(person.language) for part in (title, body, closing) if part is not None
            ),
        )
        for person in recipients(organisation_id)
    )
