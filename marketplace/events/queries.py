"""Reading the state of the event machinery."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from .horizon import horizon
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
        unrelayed=_backlog()[0],
    )


# Both counts are of one snapshot: an event that the relay carries over meanwhile is in exactly one of them.
BACKLOG = """
    SELECT (SELECT count(*) FROM events_outboxevent e
             WHERE NOT EXISTS (SELECT FROM events_relayposition p
                                WHERE (e.transaction, e.id) <= (p.transaction, p.event_id))
               AND (%(before)s::text IS NULL OR e.transaction < %(before)s::text::xid8)),
           (SELECT count(*) FROM events_inboxentry i JOIN events_outboxevent e ON e.id = i.event_id
             WHERE i.state <> 'handled' AND (%(subscriber)s::text IS NULL OR i.subscriber = %(subscriber)s)
               AND (%(before)s::text IS NULL OR e.transaction < %(before)s::text::xid8))
"""


def is_quiet() -> bool:
    """Whether every committed event was relayed and handled (parked entries are not quiet)."""
    return _backlog() == (0, 0)


def unseen_before(transaction: int, subscriber: str) -> int:
    """How many events committed before ``transaction`` the ``subscriber`` has not handled yet, relayed or not.

    Transactions that began before it and still run count as one: they may yet emit.
    """
    running = int(horizon() < transaction)
    return running + sum(_backlog(before=transaction, subscriber=subscriber))


def _backlog(before: int | None = None, subscriber: str | None = None) -> tuple[int, int]:
    """Events not relayed, and handlings not done, of what was committed ``before`` a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(BACKLOG, {"before": before, "subscriber": subscriber})
        unrelayed, unhandled = cursor.fetchone()
    return unrelayed, unhandled


def troubles(limit: int = 5) -> list[str]:
    """What failing handlers last said, for the person who must act: handler, event, attempts and reason."""
    failing = InboxEntry.objects.exclude(error="").exclude(state=InboxState.HANDLED).select_related("event")
    return [
        f"{entry.handler} failed {entry.attempts} times on {entry.event.type} {entry.subject}: {entry.error}"
        for entry in failing.order_by("id")[:limit]
    ]
