"""Open and close tasks, send notices, and queue the mail about both.

Event handlers call these services in their own transaction; only ``mark_read`` is called over the API. A task or notice
belongs to one organisation, and only its members can read it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from marketplace.jobs.services import enqueue_all
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance
from marketplace.participants.queries import recipients

from .jobs import SEND_MAIL
from .models import MailMessage, Notice, Task
from .states import TASK, TaskKind, TaskState
from .texts import MAIL_CLOSING, MAIL_DEADLINE, Wording, fill_label

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
    """Open a task of an organisation, and queue the mail about it.

    If a task of this kind and subject is already open, only its deadline is updated, without a new mail.
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
        _queue_mail([Letter(task.public_id, organisation_id, subject, title, _deadline_label(deadline))])
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
    except_for: tuple[int, TaskKind] | None = None,
) -> int:
    """Close the open tasks of these ``kinds`` in a thread; returns the number closed.

    Tasks of the organisation ``done_by`` (its key) become done, all others no longer needed. The task of the
    organisation and kind ``except_for`` stays open.
    """
    tasks = Task.objects.select_for_update().filter(thread=thread, kind__in=kinds, state=TaskState.OPEN)
    closed = 0
    for task in tasks.order_by("pk"):
        if except_for == (task.organisation_id, task.kind):
            continue
        command = "finish" if task.organisation_id == done_by else "drop"
        advance(task, TASK, command=command, role="system", closed_at=clock.now())
        closed += 1
    return closed


def send_notice(*, organisation_id: int, subject: str, wording: Wording) -> Notice:
    """Send an organisation a notice about ``subject``, and queue the mail about it."""
    return send_notices(subject=subject, wordings={organisation_id: wording})[0]


@transaction.atomic
def send_notices(*, subject: str, wordings: Mapping[int, Wording]) -> list[Notice]:
    """Send organisations (database keys) a notice about ``subject`` each, and queue the mail about them."""
    told_at = clock.now()
    notices = Notice.objects.bulk_create(
        Notice(
            organisation_id=organisation_id,
            subject=subject,
            title=wording.title.as_dict(),
            body=wording.body.as_dict(),
            told_at=told_at,
        )
        for organisation_id, wording in wordings.items()
    )
    _queue_mail(
        [
            Letter(notice.public_id, notice.organisation_id, subject, wording.title, wording.body)
            for notice, wording in zip(notices, wordings.values(), strict=True)
        ]
    )
    return notices


@transaction.atomic
def mark_read(*, actor: Actor, notice: str) -> Notice:
    """Mark a notice of the actor's organisation as read; idempotent. Raises Missing."""
    row = Notice.objects.select_for_update().filter(public_id=notice).first()
    if row is None or row.organisation_id != actor.organisation_id:
        raise Missing(kind="notice", identifier=notice)
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at"])
    return row


def _deadline_label(deadline: datetime | None) -> Label | None:
    """The text of the deadline, in the market's time zone; None without one."""
    if deadline is None:
        return None
    local = deadline.astimezone(clock.market_zone())
    return fill_label(MAIL_DEADLINE, deadline=f"{local:%Y-%m-%d %H:%M} ({settings.MARKET_TIME_ZONE})")


@dataclass(frozen=True, slots=True)
class Letter:
    """What an organisation (database key) is told by mail ``about`` a task or notice (public identifier)."""

    about: str
    organisation_id: int
    subject: str
    title: Label
    body: Label | None

    def text(self, language: str) -> str:
        """The text of the mail."""
        closing = fill_label(MAIL_CLOSING, market=settings.MARKET_IDENTIFIER, subject=self.subject)
        parts = (self.title, self.body, closing)
        return "\n\n".join(part.in_language(language) for part in parts if part is not None)


def _queue_mail(letters: Sequence[Letter]) -> None:
    """Queue one mail per letter and member of its organisation, each in the member's language."""
    readers = recipients({letter.organisation_id for letter in letters})
    messages = MailMessage.objects.bulk_create(
        MailMessage(
            about=letter.about,
            user_id=person.user_id,
            address=person.address,
            # One line: a name in it may have several, and no mail is sent with such a header.
            title=" ".join(letter.title.in_language(person.language).split())[:MAIL_TITLE_LENGTH_MAX],
            text=letter.text(person.language),
        )
        for letter in letters
        for person in readers[letter.organisation_id]
    )
    enqueue_all(kind=SEND_MAIL, subjects=[message.public_id for message in messages])
