"""Send the mail that tasks and notices queue."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models.functions import Now

from marketplace.kernel import clock
from marketplace.kernel.states import advance

from .models import MailMessage
from .states import MAIL, MailState

logger = logging.getLogger(__name__)

BACKOFF_SECONDS = (10, 60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600)
ATTEMPTS_MAX = len(BACKOFF_SECONDS) + 1
ERROR_LENGTH_MAX = 500


def send_due_mail(*, limit: int = 100) -> int:
    """Send due mail, at most ``limit`` messages; returns the number of attempts.

    A message is locked while it is sent and marked sent in the same transaction, so two senders never send it twice.
    Only a crash between the mail server's answer and the commit sends a message again, with the same Message-ID, by
    which receivers recognise the duplicate.
    """
    connection = get_connection()
    attempted = 0
    while attempted < limit and _send_next(connection):
        attempted += 1
    return attempted


@transaction.atomic
def _send_next(connection: BaseEmailBackend) -> bool:
    """Try to send the next due message; returns whether there was one."""
    message = (
        MailMessage.objects.select_for_update(skip_locked=True)
        .filter(state=MailState.QUEUED, due_at__lte=Now())
        .order_by("due_at", "pk")
        .first()
    )
    if message is None:
        return False
    try:
        _as_email(message, connection).send()
    except OSError as error:  # includes SMTP errors
        _record_failure(message, error)
    else:
        advance(message, MAIL, command="send", role="system", sent_at=clock.real_now(), error="")
    return True


def _as_email(message: MailMessage, connection: BaseEmailBackend) -> EmailMessage:
    return EmailMessage(
        subject=message.title,
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.address],
        headers={
            "Message-ID": f"<{message.public_id}@{settings.MARKET_IDENTIFIER}>",
            "Auto-Submitted": "auto-generated",
        },
        connection=connection,
    )


def _record_failure(message: MailMessage, error: OSError) -> None:
    """Schedule the next attempt, or give up after the last one. The reason is stored; the address is not logged."""
    attempts = message.attempts + 1
    reason = f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX]
    logger.warning("mail %s was not sent (attempt %s): %s", message.public_id, attempts, type(error).__name__)
    if attempts >= ATTEMPTS_MAX:
        advance(message, MAIL, command="give_up", role="system", attempts=attempts, error=reason)
        return
    message.attempts, message.error = attempts, reason
    message.due_at = clock.real_now() + timedelta(seconds=BACKOFF_SECONDS[attempts - 1])
    message.save(update_fields=["attempts", "error", "due_at"])
