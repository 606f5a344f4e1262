"""Queries on the outbox and the inboxes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from marketplace.kernel.horizon import horizon

from .envelope import Envelope
from .models import InboxEntry, OutboxEvent
from .services import envelope_of
from .states import InboxState


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Numbers of events emitted and not relayed, and of inbox entries handled, pending and parked."""

    emitted: int
    handled: int
    pending: int
    parked: int
    unrelayed: int


def counts() -> EventCounts:
    """The numbers over the whole database."""
    by_state = dict(InboxEntry.objects.values_list("state").annotate(count=Count("id")))
    return EventCounts(
        emitted=OutboxEvent.objects.count(),
        handled=by_state.get(InboxState.HANDLED, 0),
        pending=by_state.get(InboxState.PENDING, 0),
        parked=by_state.get(InboxState.PARKED, 0),
        unrelayed=_backlog()[0],
    )


# One statement reads both counts from one snapshot, so an event that is being relayed is in exactly one of them.
BACKLOG = """
    SELECT (SELECT count(*) FROM events_outboxevent e
             WHERE NOT EXISTS (SELECT FROM events_relayposition p
                                WHERE (e.transaction, e.id) <= (p.transaction, p.event_id))
               AND (%(before)s::text IS NULL OR e.transaction < %(before)s::text::xid8)),
           (SELECT count(*) FROM events_inboxentry i JOIN events_outboxevent e ON e.id = i.event_id
             WHERE i.state <> 'handled' AND (%(subscriber)s::text IS NULL OR i.subscriber = %(subscriber)s)
               AND (%(before)s::text IS NULL OR e.transaction < %(before)s::text::xid8))
"""


def all_handled() -> bool:
    """Whether every committed event is relayed and handled; False while any entry is pending or parked."""
    return _backlog() == (0, 0)


def count_unhandled_before(transaction: int, subscriber: str) -> int:
    """The number of events before ``transaction`` that ``subscriber`` has not handled yet, relayed or not.

    Transactions that began before it and still run count as one event, because they may still emit.
    """
    running = int(horizon() < transaction)
    return running + sum(_backlog(before=transaction, subscriber=subscriber))


def _backlog(before: int | None = None, subscriber: str | None = None) -> tuple[int, int]:
    """Events not relayed, and inbox entries not handled, that were emitted ``before`` a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(BACKLOG, {"before": before, "subscriber": subscriber})
        unrelayed, unhandled = cursor.fetchone()
    return unrelayed, unhandled


def handler_failures(limit: int = 5) -> list[str]:
    """The last error of each failing inbox entry: handler, event, attempts and reason; the oldest ``limit`` entries."""
    failing = InboxEntry.objects.exclude(error="").exclude(state=InboxState.HANDLED).select_related("event")
    return [
        f"{entry.handler} failed {entry.attempts} times on {entry.event.type} {entry.subject}: {entry.error}"
        for entry in failing.order_by("id")[:limit]
    ]


def key_of(public_id: str) -> int | None:
    """The key in the outbox of the event with a public identifier; None if it is unknown or no longer kept."""
    return OutboxEvent.objects.filter(public_id=public_id).values_list("id", flat=True).first()


def envelopes_by_key(keys: Iterable[int]) -> dict[int, Envelope]:
    """Envelopes of events by their key in the outbox, in one query; those no longer kept are left out."""
    return {event.pk: envelope_of(event) for event in OutboxEvent.objects.filter(pk__in=set(keys))}
