"""Jobs of notices."""

from __future__ import annotations

from marketplace.jobs.kinds import JobKind
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

from .mail import give_up, send_mail

# Nine attempts within two days.
MAIL_BACKOFF_SECONDS = (10, 60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600)

SEND_MAIL = JobKind(
    name="notices.send_mail",
    queue=Queue.MAIL,
    label=Label("send a mail", "メールの送信"),
    run=send_mail,
    seconds_max=60,
    backoff_seconds=MAIL_BACKOFF_SECONDS,
    is_abandoned_at_last=True,
    on_ended=give_up,
    together_max=20,
)
