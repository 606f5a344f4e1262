"""Letters: mails that a job sends to one address and keeps nowhere."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMessage

from marketplace.kernel.labels import Label
from marketplace.kernel.outside import require_no_transaction

from .kinds import Work


class MailNotSent(Exception):
    """The mail server did not take the mail. The message names the error, never the address."""


def send_letter(
    work: Work, *, to: str, language: str, title: Label, text: Label, facts: Mapping[str, str]
) -> None:
    """Send one mail in ``language`` (``ja`` or ``en``); ``facts`` fill its words. Its Message-ID is the job's, so a second
    attempt is recognised by receivers as the same mail. Raises MailNotSent."""
    require_no_transaction("sending a mail")
    mail = EmailMessage(
        subject=" ".join(title.fill(facts).in_language(language).split()),
        body=text.fill(facts).in_language(language),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={
            "Message-ID": f"<{work.job}@{settings.MARKET_IDENTIFIER}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        mail.send()
    except (
        OSError,
        ValueError,
    ) as error:  # SMTP errors, and an address that Django refuses; both may name it
        raise MailNotSent(type(error).__name__) from None
