"""Events as handlers get them, and what stands in an inbox afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marketplace.events.envelope import Envelope
from marketplace.events.schema import Event
from marketplace.kernel import clock
from marketplace.notices.models import MailMessage, Notice, Task
from marketplace.participants.models import Organisation


def handle(handler: Callable[[Any, Envelope], None], event: Event) -> None:
    """Let a handler react to an event, as the relay would."""
    envelope = Envelope(
        identifier="evt_test",
        type=event.type,
        subject=event.subject,
        occurred_at=clock.now(),
        transaction=1,
        data=event.data(),
    )
    handler(event, envelope)


def inbox(organisation: Organisation) -> list[tuple[str, str, str]]:
    """The tasks of an organisation as (kind, subject, state), oldest first."""
    rows = Task.objects.filter(organisation=organisation).order_by("pk")
    return list(rows.values_list("kind", "subject", "state"))


def notice_titles(organisation: Organisation) -> list[str]:
    """The Japanese titles of what an organisation was told, oldest first."""
    rows = Notice.objects.filter(organisation=organisation).order_by("pk")
    return [row.title["ja"] for row in rows]


def mail_to(address: str) -> list[MailMessage]:
    """The mail of a person, oldest first."""
    return list(MailMessage.objects.filter(address=address).order_by("pk"))
