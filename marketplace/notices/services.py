"""Open and close tasks, send notices, and queue the mail about both.

Event handlers call these services in their own transaction; only ``mark_read`` is called over the API. A task or notice
belongs to one organisation, and only its members can read it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from marketplace.jobs.services import enqueue_all
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.identifiers import new_identifier, new_identifiers
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import recipients

from .jobs import SEND_MAIL
from .models import Notice, Task
from .states import TASK, MailState, TaskKind, TaskState
from .texts import MAIL_CLOSING, MAIL_DEADLINE, Wording, fill_label

MAIL_TITLE_LENGTH_MAX = 300

# Most handlings write these, so they skip the ORM.
_OPEN = """
    INSERT INTO notices_task (public_id, organisation_id, kind, subject, thread, title, needs, deadline, state,
                              opened_at)
    VALUES (%(public_id)s, %(organisation_id)s, %(kind)s, %(subject)s, %(thread)s, %(title)s::jsonb, %(needs)s, %(deadline)s,
            %(state)s, %(opened_at)s)
    ON CONFLICT (organisation_id, kind, subject) WHERE state = 'open' DO NOTHING RETURNING id
"""
_CLOSE = """
    UPDATE notices_task SET closed_at = %(closed_at)s,
           state = CASE WHEN organisation_id = %(done_by)s THEN %(done)s ELSE %(moot)s END
     WHERE thread = %(thread)s AND kind = ANY (%(kinds)s) AND state = 'open'
       AND (organisation_id, kind) IS DISTINCT FROM (%(kept_by)s::bigint, %(kept_kind)s)
"""
_SEND = """
    INSERT INTO notices_notice (public_id, organisation_id, subject, title, body, told_at)
    SELECT public_id, organisation_id, %(subject)s, title::jsonb, body::jsonb, %(told_at)s
      FROM unnest(%(public_ids)s::text[], %(organisations)s::bigint[], %(titles)s::text[], %(bodies)s::text[])
           AS told (public_id, organisation_id, title, body)
"""
_MAIL = """
    INSERT INTO notices_mailmessage (public_id, about, user_id, address, title, text, state)
    SELECT public_id, about, user_id, address, title, text, %(state)s
      FROM unnest(%(public_ids)s::text[], %(abouts)s::text[], %(users)s::bigint[], %(addresses)s::text[],
                  %(titles)s::text[], %(texts)s::text[]) AS mail (public_id, about, user_id, address, title, text)
"""


@transaction.atomic(savepoint=False)
def open_task(
    *,
    organisation_id: int,
    kind: TaskKind,
    subject: str,
    thread: str,
    title: Label,
    deadline: datetime | None = None,
    needs: Permission | None = None,
    detail: Label | None = None,
) -> None:
    """Open a task of an organisation, and queue the mail about it, with ``detail``: for who holds the permission ``needs``, if one is named.

    If a task of this kind and subject is already open, only its deadline is updated, without a new mail.
    """
    public_id = new_identifier("tsk")
    task: dict[str, Any] = {
        "organisation_id": organisation_id,
        "kind": str(kind),
        "subject": subject,
        "state": TaskState.OPEN,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                **task,
                "public_id": public_id,
                "thread": thread,
                "title": _json_text(title),
                "needs": needs or "",
                "deadline": deadline,
                "opened_at": clock.now(),
            },
        )
        is_new = cursor.rowcount == 1
    if is_new:
        body = _joined(_deadline_label(deadline), detail)
        letter = Letter(public_id, organisation_id, subject, title, body)
        _queue_mail([letter], needs)
    else:
        Task.objects.filter(**task).exclude(deadline=deadline).update(deadline=deadline)


@transaction.atomic(savepoint=False)
def move_deadlines(deadlines: Mapping[str, datetime]) -> None:
    """Move the deadlines of the open tasks about these subjects (public identifiers) to later moments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notices_task t SET deadline = m.deadline FROM unnest(%s::text[], %s::timestamptz[]) AS m (subject, deadline)"
            " WHERE t.subject = m.subject AND t.state = 'open' AND t.deadline < m.deadline",
            [list(deadlines), list(deadlines.values())],
        )


@transaction.atomic(savepoint=False)
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
    done, moot = (
        TASK.target(state=TaskState.OPEN, command=command, role="system") for command in ("finish", "drop")
    )
    kept_by, kept_kind = except_for or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                "thread": thread,
                "kinds": [str(kind) for kind in kinds],
                "done_by": done_by,
                "done": done,
                "moot": moot,
                "kept_by": kept_by,
                "kept_kind": kept_kind and str(kept_kind),
                "closed_at": clock.now(),
            },
        )
        return int(cursor.rowcount)


def send_notice(*, organisation_id: int, subject: str, wording: Wording) -> None:
    """Send an organisation a notice about ``subject``, and queue the mail about it."""
    send_notices(subject=subject, wordings={organisation_id: wording})


@transaction.atomic(savepoint=False)
def send_notices(*, subject: str, wordings: Mapping[int, Wording]) -> None:
    """Send organisations (database keys) a notice about ``subject`` each, and queue the mail about them."""
    letters = [
        Letter(public_id, organisation_id, subject, wording.title, wording.body)
        for public_id, (organisation_id, wording) in zip(
            new_identifiers("ntc", len(wordings)), wordings.items(), strict=True
        )
    ]
    if not letters:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _SEND,
            {
                "subject": subject,
                "told_at": clock.now(),
                "public_ids": [letter.about for letter in letters],
                "organisations": [letter.organisation_id for letter in letters],
                "titles": [_json_text(wording.title) for wording in wordings.values()],
                "bodies": [_json_text(wording.body) for wording in wordings.values()],
            },
        )
    _queue_mail(letters)


@transaction.atomic
def mark_read(*, actor: Actor, notice: str) -> Notice:
    """Mark a notice of the actor's organisation as read; idempotent. Raises Missing, PermissionNeeded."""
    actor.require(Permission.NOTICES_WRITE)
    row = Notice.objects.select_for_update().filter(public_id=notice).first()
    if row is None or row.organisation_id != actor.organisation_id:
        raise Missing(kind="notice", identifier=notice)
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at"])
    return row


def _joined(*parts: Label | None) -> Label | None:
    """The parts as paragraphs of one text; None without any."""
    given = [part for part in parts if part is not None]
    return Label("\n\n".join(given), "\n\n".join(part.ja for part in given)) if given else None


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

    def one_line(self, language: str) -> str:
        """The title as a header: a name in it may have several lines, and no mail is sent with such a header."""
        return " ".join(self.title.in_language(language).split())[:MAIL_TITLE_LENGTH_MAX]

    def text(self, language: str) -> str:
        """The text of the mail."""
        closing = fill_label(MAIL_CLOSING, market=settings.MARKET_IDENTIFIER, subject=self.subject)
        parts = (self.title, self.body, closing)
        return "\n\n".join(part.in_language(language) for part in parts if part is not None)


def _queue_mail(letters: Sequence[Letter], needs: Permission | None = None) -> None:
    """Queue one mail per letter and member of its organisation who holds the permission, each in the member's language."""
    readers = recipients({letter.organisation_id for letter in letters}, needs)
    mails = [(letter, person) for letter in letters for person in readers[letter.organisation_id]]
    if not mails:
        return
    public_ids = new_identifiers("eml", len(mails))
    with connection.cursor() as cursor:
        cursor.execute(
            _MAIL,
            {
                "state": MailState.QUEUED,
                "public_ids": public_ids,
                "abouts": [letter.about for letter, _ in mails],
                "users": [person.user_id for _, person in mails],
                "addresses": [person.address for _, person in mails],
                "titles": [letter.one_line(person.language) for letter, person in mails],
                "texts": [letter.text(person.language) for letter, person in mails],
            },
        )
    enqueue_all(kind=SEND_MAIL, subjects=public_ids)


def _json_text(label: Label) -> str:
    return json.dumps(label.as_dict(), ensure_ascii=False)
