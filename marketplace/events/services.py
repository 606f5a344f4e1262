"""Emit events, relay them to the inboxes, and run their handlers."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from marketplace.kernel import clock
from marketplace.kernel.correlation import current_request_id
from marketplace.kernel.identifiers import new_identifiers
from marketplace.kernel.nudges import send_nudge
from marketplace.kernel.prepared import execute_prepared
from marketplace.kernel.states import advance

from .claiming import Claimer
from .envelope import Envelope
from .guards import RELAY_BATCH
from .handling import handle_claimed
from .models import Abandonment, InboxEntry, OutboxEvent
from .relaying import has_unrelayed, relay
from .schema import TYPES, Event
from .states import INBOX

DELIVER_TASK = "marketplace.events.tasks.deliver"
DELIVER_SECONDS = 2.0
"""A delivery ends after so long and asks for the next, so that other work of its queue has its turn."""
RELAY_SECONDS_MAX = 1.0
HELD_SECONDS_MAX = 0.5
HELD_POLL_SECONDS = 0.03
SHARED_FROM = 8
"""With so many claimed at once, what their handlers emit would wait long for this worker, so another is asked too."""
NUDGE_KEY = "events.nudged"
_DELIVERING: ContextVar[bool] = ContextVar("delivering", default=False)
"""Whether a delivery runs here: it relays what its own handlers emit, so they need not ask for another."""


_EMIT = """
    INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at, request_id)
    SELECT public_id, type, version, subject, data::jsonb, %(occurred_at)s, %(request_id)s
      FROM unnest(%(public_ids)b::text[], %(types)b::text[], %(versions)b::smallint[], %(subjects)b::text[],
                  %(data)b::text[]) AS event(public_id, type, version, subject, data)
"""


class EmittedOutsideTransaction(RuntimeError):
    """An event must be emitted in the transaction of the change that it records."""


def emit(event: Event) -> str:
    """Write ``event`` to the outbox in the current transaction, and wake the relay when it commits.

    Returns the event's public identifier. Raises EmittedOutsideTransaction outside ``transaction.atomic``.
    """
    return emit_all([event])[0]


def emit_all(events: Sequence[Event]) -> list[str]:
    """Write events to the outbox in order, in one statement, as ``emit`` does; returns their public identifiers."""
    if not connection.in_atomic_block:
        raise EmittedOutsideTransaction(", ".join(sorted({event.type for event in events})))
    if not events:
        return []
    values: dict[str, Any] = {
        "public_ids": new_identifiers("evt", len(events)),
        "types": [event.type for event in events],
        "versions": [event.version for event in events],
        "subjects": [event.subject for event in events],
        "data": [json.dumps(event.data(), ensure_ascii=False) for event in events],
        "occurred_at": clock.now(),
        "request_id": current_request_id(),
    }
    # Every step of every service emits, so this skips the ORM.
    execute_prepared(_EMIT, values)
    if not _DELIVERING.get() and not any(waiting[1] is nudge for waiting in connection.run_on_commit):
        # One nudge per transaction is enough: the relay takes all of its events.
        transaction.on_commit(nudge)
    public_ids: list[str] = values["public_ids"]
    return public_ids


def nudge() -> None:
    """Ask a worker to relay now, unless one is asked already."""
    send_nudge(DELIVER_TASK, key=NUDGE_KEY)


def deliver_due(claimer: Claimer | None = None, *, seconds: float = DELIVER_SECONDS) -> int:
    """Relay and handle until nothing is due or ``seconds`` have passed; returns the number of attempts.

    ``claimer``: what this worker's last delivery used, which knows where it stopped. While there is much to do, and when
    the time is over, it asks for another. Events that wait for an older transaction are waited for, a moment at a time.
    """
    token = _DELIVERING.set(True)
    try:
        return _deliver(claimer or Claimer(), seconds)
    finally:
        _DELIVERING.reset(token)


def _deliver(claimer: Claimer, seconds: float) -> int:
    attempted, began = 0, time.monotonic()
    held_until: float | None = None
    while (now := time.monotonic()) - began < seconds:
        relayed = _relay_all()
        claimed = claimer.claim()
        if len(claimed) >= SHARED_FROM:
            nudge()
        left = handle_claimed(claimed, claimer.rests)
        claimer.give_back(left)
        attempted += len(claimed) - len(left)
        if claimed or relayed or not claimer.at_end:
            held_until = None
            continue
        if not has_unrelayed():
            break
        held_until = held_until or now + HELD_SECONDS_MAX
        if now >= held_until:
            # Others have their turn on this worker; nobody else would ask when the older transaction ends.
            nudge()
            break
        time.sleep(HELD_POLL_SECONDS)
    else:
        nudge()
    return attempted


def _relay_all() -> int:
    """Relay until nothing is left, or for a second; returns the number of events."""
    total, began = 0, time.monotonic()
    while time.monotonic() - began < RELAY_SECONDS_MAX:
        relayed = relay()
        total += relayed
        if relayed < RELAY_BATCH:
            break
    return total


@transaction.atomic
def retry_parked(*, entry_id: int) -> InboxEntry:
    """Set a parked entry to pending again; returns it. The operator's command is in ``notices``, which records who did it."""
    entry = InboxEntry.objects.select_for_update().get(pk=entry_id)
    advance(entry, INBOX, command="retry", role="operator", attempts=0, due_at=timezone.now())
    return entry


@transaction.atomic
def abandon_parked(*, entry_id: int, reason: str, abandoned_by: str, first_person: str = "") -> Abandonment:
    """Give a parked entry up, so that later events of its subject go on; returns its record.

    It counts as over for cut-offs and for the archive. The operator's command is in ``clearing.approvals``, which asks
    for the second person. Raises IllegalTransition unless it is parked.
    """
    entry = InboxEntry.objects.select_for_update().get(pk=entry_id)
    INBOX.target(state=entry.state, command="abandon", role="operator")
    register = Abandonment.objects.create(
        entry_key=entry.pk,
        event_key=entry.event_id,
        event=entry.event.public_id,
        handler=entry.handler,
        subscriber=entry.subscriber,
        subject=entry.subject,
        reason=reason,
        first_person=first_person,
        abandoned_by=abandoned_by,
    )
    advance(entry, INBOX, command="abandon", role="operator")
    transaction.on_commit(nudge)
    return register


def envelope_of(event: OutboxEvent) -> Envelope:
    """The envelope of a stored event."""
    if event.type not in TYPES:
        raise ValueError(f"unknown event type {event.type}")
    return Envelope(
        identifier=event.public_id,
        type=event.type,
        subject=event.subject,
        occurred_at=event.occurred_at,
        transaction=int(event.transaction),
        data=event.data,
    )
