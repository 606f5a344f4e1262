"""Jobs of participants."""

from __future__ import annotations

from marketplace.jobs.kinds import JobKind
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

from .letters import SEND_PERSON_LETTER
from .mail import send_invitation, tell_contact

__all__ = ["SEND_INVITATION", "SEND_PERSON_LETTER", "TELL_CONTACT"]

SEND_INVITATION = JobKind(
    name="participants.send_invitation",
    queue=Queue.MAIL,
    label=Label("send an invitation", "招待メールの送信"),
    run=send_invitation,
    seconds_max=60,
    backoff_seconds=(10, 60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600),
    # An owner sends it again, or revokes it.
    is_abandoned_at_last=True,
)

TELL_CONTACT = JobKind(
    name="participants.tell_contact",
    queue=Queue.MAIL,
    label=Label("tell a known contact of a recovery", "代表管理者の回復手続の連絡先への通知"),
    run=tell_contact,
    seconds_max=60,
    # Within the waiting time; the operator repairs what is parked.
    backoff_seconds=(10, 60, 300, 900, 3_600, 4 * 3_600),
)
