"""Emit events, relay them to the inboxes, and run their handlers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from celery import current_app
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError

from marketplace.kernel import clock
from marketplace.kernel.horizon import horizon
from marketplace.kernel.states import advance

from .envelope import Envelope
from .locks import RELAY_LOCK
from .models import InboxEntry, OutboxEvent, RelayPosition
from .schema import TYPES, Event, parse
from .states import INBOX, InboxState
from .subscriptions import handlers_of, resolve, subscriber_of

logger = logging.getLogger(__name__)

RELAY = "inbox"
RELAY_BATCH = 500
ATTEMPTS_MAX = 8
BACKOFF_SECONDS = (1, 2, 5, 15, 60, 300, 900, 3600)
DELIVER_TASK = "marketplace.events.tasks.deliver"


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
    occurred_at = clock.now()
    rows = OutboxEvent.objects.bulk_create(
        OutboxEvent(
            type=event.type,
            version=event.version,
            subject=event.subject,
            data=event.data(),
            occurred_at=occurred_at,
        )
        for event in events
    )
    if not any(waiting[1] is nudge for waiting in connection.run_on_commit):
        # One nudge per transaction is enough: the relay takes all of its events.
        transaction.on_commit(nudge)
    return [row.public_id for row in rows]


def nudge() -> None:
    """Ask a worker to relay now. Without a broker it only logs a warning; the sweep relays the events later."""
    try:
        current_app.send_task(DELIVER_TASK, retry=False, expires=60, ignore_result=True)
    except OperationalError as error:
        logger.warning("broker unavailable; the sweep will relay the events: %s", error)


@transaction.atomic
def relay() -> int:
    """Copy committed events from the outbox to the inboxes of their handlers; returns the number of events.

    One relay runs at a time. It stops before the oldest running transaction, so it never skips an event that commits
    late.
    """
    if not RELAY_LOCK.try_acquire():
        return 0
    position, _ = RelayPosition.objects.get_or_create(
        name=RELAY, defaults={"transaction": "0", "event_id": 0}
    )
    oldest_running = horizon()
    events = list(
        OutboxEvent.objects.raw(
            "SELECT * FROM events_outboxevent WHERE (transaction, id) > (%s::xid8, %s)"
            " AND transaction < %s::text::xid8 ORDER BY transaction, id LIMIT %s",
            [position.transaction, position.event_id, oldest_running, RELAY_BATCH],
        )
    )
    InboxEntry.objects.bulk_create(
        InboxEntry(event=event, handler=handler, subscriber=subscriber_of(handler), subject=event.subject)
        for event in events
        for handler in handlers_of(event.type)
    )
    if events:
        RelayPosition.objects.filter(name=RELAY).update(
            transaction=str(events[-1].transaction), event_id=events[-1].pk
        )
    return len(events)


def handle_next() -> bool:
    """Handle one due inbox entry in its own transaction; returns whether there was one.

    A failure is recorded with its reason and retried later; after ``ATTEMPTS_MAX`` attempts the entry is parked.
    """
    with transaction.atomic():
        entry = _claim()
        if entry is None:
            return False
        try:
            with transaction.atomic():
                handler, event = resolve(entry.handler), entry.event
                handler(parse(event.type, event.data), envelope_of(event))
        except Exception as error:  # a handler may raise anything; the failure is recorded and retried
            _record_failure(entry, error)
        else:
            advance(entry, INBOX, command="handle", role="system", handled_at=timezone.now(), error="")
    return True


def _claim() -> InboxEntry | None:
    """Lock the first due entry that has no unhandled earlier entry of its subscriber and subject."""
    earlier = InboxEntry.objects.filter(
        subscriber=OuterRef("subscriber"), subject=OuterRef("subject"), id__lt=OuterRef("id")
    ).exclude(state=InboxState.HANDLED)
    return (
        InboxEntry.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("event")
        .filter(~Exists(earlier), state=InboxState.PENDING, due_at__lte=Now())
        .order_by("id")
        .first()
    )


def _record_failure(entry: InboxEntry, error: Exception) -> None:
    attempts = entry.attempts + 1
    reason = f"{type(error).__name__}: {error}"[:2000]
    if attempts >= ATTEMPTS_MAX:
        logger.error(
            "event %s: handler %s failed, entry parked: %s",
            entry.event.public_id,
            entry.handler,
            reason,
            exc_info=error,
        )
        advance(entry, INBOX, command="park", role="system", attempts=attempts, error=reason)
        return
    wait = BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1]
    logger.warning(
        "event %s: handler %s failed, retry in %s s: %s", entry.event.public_id, entry.handler, wait, reason,
        exc_info=error,
    )  # fmt: skip
    entry.attempts, entry.error = attempts, reason
    entry.due_at = timezone.now() + timedelta(seconds=wait)
    entry.save(update_fields=["attempts", "error", "due_at"])


def deliver_due(limit: int = 200) -> int:
    """Relay and handle until nothing is due or ``limit`` entries are handled; returns the number handled."""
    handled = 0
    while handled < limit:
        relayed = relay()
        if handle_next():
            handled += 1
        elif not relayed:
            break
    return handled


@transaction.atomic
def retry_parked(*, entry_id: int) -> None:
    """Set a parked entry to pending again, after the operator has repaired the cause."""
    entry = InboxEntry.objects.select_for_update().get(pk=entry_id)
    advance(entry, INBOX, command="retry", role="operator", attempts=0, due_at=timezone.now())


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
