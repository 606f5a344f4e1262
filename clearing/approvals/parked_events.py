"""Gives up events that are parked: by two people, unless the subscriber only tells people something."""

from __future__ import annotations

from marketplace.events.models import InboxEntry
from marketplace.events.services import abandon_parked
from marketplace.events.states import ABANDONED_BY_ONE, INBOX
from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from .services import require_two_people


@record_refusals()
def abandon_parked_event(*, actor: Actor, entry_id: int, reason: str) -> InboxEntry:
    """Give a parked inbox entry up: its handler never handles the event, and later events of its subject go on.

    Cut-offs and the archive no longer wait for it. For what cannot be handled and whose effect was brought about, or is
    not wanted, another way; whoever can repair the cause retries it instead, and what was asked before a retry does not
    count after it. Recorded as evidence. Raises
    SecondPersonNeeded, IllegalTransition unless it is parked, Forbidden.
    """
    actor.require(Permission.SUPPORT_WRITE)
    entry = InboxEntry.objects.select_for_update(of=("self",)).select_related("event").get(pk=entry_id)
    INBOX.target(state=entry.state, command="abandon", role="operator")
    first_person = ""
    if entry.subscriber not in ABANDONED_BY_ONE:
        approval = require_two_people(
            actor=actor,
            command="clearing.abandon_event",
            subject=entry.event.public_id,
            payload={
                "entry": entry.pk,
                "type": entry.event.type,
                "handler": entry.handler,
                "parked_at": entry.due_at.isoformat(),
                "reason": reason,
            },
        )
        first_person = approval.first_person
    abandon_parked(entry_id=entry.pk, reason=reason, abandoned_by=actor.identifier, first_person=first_person)
    record(
        kind="events.abandoned",
        subject=entry.event.public_id,
        actor=actor,
        payload={
            "entry": entry.pk,
            "type": entry.event.type,
            "handler": entry.handler,
            "subject": entry.subject,
            "reason": reason,
            "first_person": first_person,
        },
    )
    entry.refresh_from_db()
    return entry
