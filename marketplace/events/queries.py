"""Reading the state of the event machinery."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from .models import InboxEntry, OutboxEvent
from .states import InboxState


@dataclass(frozen=True, slots=True)
class EventCounts:
    """How many events were emitted, how many handlings are done, and how many wait or are parked."""

    emitted: int
    handled: int
    pending: int
    parked: int
    unrelayed: int


def counts() -> EventCounts:
    """The figures over the whole database."""
    by_state = dict(InboxEntry.objects.values_list("state").annotate(count=Count("id")))
    return EventCounts(
        emitted=OutboxEvent.objects.count(),
        handled=by_state.get(InboxState.HANDLED, 0),
        pending=by_state.get(InboxState.PENDING, 0),
        parked=by_state.get(InboxState.PARKED, 0),
        unrelayed=_unrelayed(None),
    )


def is_quiet() -> bool:
    """Whether every committed event was relayed and handled (parked entries are not quiet)."""
    return not InboxEntry.objects.exclude(state=InboxState.HANDLED).exists() and _unrelayed(None) == 0


def unseen_before(transaction: int, subscriber: str) -> int:
    """How many events committed before ``transaction`` the ``subscriber`` has not handled yet, relayed or not.

    Transactions that began before it and still run count as one: they may yet emit.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM events_inboxentry i JOIN events_outboxevent e ON e.id = i.event_id"
            "  WHERE i.subscriber = %s AND i.state <> 'handled' AND e.transaction < %s::text::xid8)"
            " + (pg_snapshot_xmin(pg_current_snapshot()) < %s::text::xid8)::int",
            [subscriber, transaction, transaction],
        )
        waiting = int(cursor.fetchone()[0])
    return waiting + _unrelayed(transaction)


def _unrelayed(before_transaction: int | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM events_outboxevent e WHERE NOT EXISTS (SELECT FROM events_relayposition p"
            " WHERE (e.transaction, e.id) <= (p.transaction, p.event_id))"
            " AND (%s::text IS NULL OR e.transaction < %s::text::xid8)",
            [before_transaction, before_transaction],
        )
        return int(cursor.fetchone()[0])


def troubles(limit: int = 5) -> list[str]:
    """What failing handlers last said, for the person who must act: handler, event, attempts and reason."""
    failing = InboxEntry.objects.exclude(error="").exclude(state=InboxState.HANDLED).select_related("event")
    return [
        f"{entry.handler} failed {entry.attempts} times on {entry.event.type} {entry.subject}: {entry.error}"
        for entry in failing.order_by("id")[:limit]
    ]
