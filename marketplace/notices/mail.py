"""Send the mail that tasks and notices queue. Each mail is a job, so a mail server that hangs holds up mail only."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from marketplace.jobs.kinds import Arguments, Work
from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.kernel.outside import require_no_transaction
from marketplace.kernel.states import advance_all

from .models import MailMessage
from .states import MAIL, MailState

NOT_SENT = Loop("notices.mail_not_sent")


class MailNotSent(Exception):
    """The mail server did not take the mail. The message names the error, never the address."""


def send_mail(work: Work) -> None:
    """Send the mail that the job is about, unless an earlier attempt did; raises MailNotSent.

    Only a worker that dies, or a server that hangs, between the server's acceptance and its answer sends a mail again,
    with the same Message-ID, by which receivers recognise the duplicate.
    """
    message = MailMessage.objects.get(public_id=work.subject)
    if message.state != MailState.QUEUED:
        return
    require_no_transaction("sending a mail")
    try:
        _as_email(message).send()
    except (
        OSError,
        ValueError,
    ) as error:  # SMTP errors, and an address that Django refuses; both texts may name it
        raise MailNotSent(type(error).__name__) from None
    _mark(message.public_id, "send", sent_at=clock.real_now())


def give_up(subject: str, arguments: Arguments) -> None:
    """Record that the mail will not be sent, because its last attempt has failed; it stands aside until a person acts."""
    _mark(subject, "give_up")
    NOT_SENT.set_aside(
        subject, "the mail server took it at no attempt; its job has the reason", for_good=True
    )


def _mark(public_id: str, command: str, **changes: object) -> None:
    """Record the end of a queued mail; one that has ended stays as it is."""
    rows = MailMessage.objects.filter(public_id=public_id)
    advance_all(rows, MAIL, command=command, role="system", **changes)


def _as_email(message: MailMessage) -> EmailMessage:
    return EmailMessage(
        subject=message.title,
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.address],
        headers={
            "Message-ID": f"<{message.public_id}@{settings.MARKET_IDENTIFIER}>",
            "Auto-Submitted": "auto-generated",
        },
    )
