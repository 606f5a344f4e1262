"""Queries on the outbox and the inboxes. None counts what is handled, so all cost the same at any history."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import DataError, connection
from django.db.models import Count, QuerySet, Window
from django.db.models.functions import RowNumber

from marketplace.kernel.horizon import horizon

from .envelope import Envelope
from .models import InboxEntry, OutboxEvent
from .relaying import HAS_UNRELAYED, UNRELAYED
from .schema import TYPES
from .services import envelope_of
from .states import InboxState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Numbers of events emitted and not relayed, and of inbox entries handled, pending, parked and abandoned."""

    emitted: int
    handled: int
    pending: int
    parked: int
    abandoned: int
    unrelayed: int


@dataclass(frozen=True, slots=True)
class ParkedEntry:
    """A parked inbox entry, which an operator has to look at. ``of_handler``: how many of its handler are parked."""

    id: int
    type: str
    handler: str
    subject: str
    of_handler: int


# One statement reads all from one snapshot, so an event that is being relayed is in exactly one of the numbers.
COUNTS = f"""
    SELECT coalesce(sum(p.events), 0)::bigint, coalesce(sum(p.entries), 0)::bigint,
           (SELECT count(*) FROM events_inboxentry i WHERE i.state = 'pending'),
           (SELECT count(*) FROM events_inboxentry i WHERE i.state = 'parked'),
           (SELECT count(*) FROM events_abandonment), (SELECT count(*) {UNRELAYED})
      FROM events_relayposition p
"""  # noqa: S608  our own words
QUIET = f"""
    SELECT NOT {HAS_UNRELAYED}
       AND NOT EXISTS (SELECT FROM events_inboxentry i WHERE i.state = 'pending')
       AND NOT EXISTS (SELECT FROM events_inboxentry i WHERE i.state = 'parked')
"""  # noqa: S608  our own words
UNHANDLED_BEFORE = f"""
    SELECT (SELECT count(*) {UNRELAYED} AND e.transaction < %(before)s::text::xid8)
         + (SELECT count(*) FROM events_inboxentry i JOIN events_outboxevent e ON e.id = i.event_id
             WHERE i.state <> 'handled' AND i.state <> 'abandoned' AND i.subscriber = %(subscriber)s
               AND e.transaction < %(before)s::text::xid8)
"""  # noqa: S608  our own words


def counts() -> EventCounts:
    """The numbers over the whole database, archived events included; the relay counts as it goes."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        relayed, entries, pending, parked, abandoned, unrelayed = cursor.fetchone()
    return EventCounts(
        emitted=relayed + unrelayed,
        handled=entries - pending - parked - abandoned,
        pending=pending,
        parked=parked,
        abandoned=abandoned,
        unrelayed=unrelayed,
    )


def all_handled() -> bool:
    """Whether every committed event is relayed and handled or abandoned; False while any entry is pending or parked."""
    with connection.cursor() as cursor:
        cursor.execute(QUIET)
        return bool(cursor.fetchone()[0])


def count_unhandled_before(transaction: int, subscriber: str) -> int:
    """The number of events before ``transaction`` that ``subscriber`` still has to handle, relayed or not.

    Transactions that began before it and still run count as one event, because they may still emit.
    """
    running = int(horizon() < transaction)
    with connection.cursor() as cursor:
        cursor.execute(UNHANDLED_BEFORE, {"before": transaction, "subscriber": subscriber})
        return running + int(cursor.fetchone()[0])


def parked(each: int) -> list[ParkedEntry]:
    """The oldest ``each`` parked entries of every handler, the oldest first."""
    entries = (
        InboxEntry.objects.filter(state=InboxState.PARKED)
        .annotate(
            place=Window(RowNumber(), partition_by="handler", order_by="id"),
            of_handler=Window(Count("*"), partition_by="handler"),
        )
        .filter(place__lte=each)
        .select_related("event")
        .order_by("id")
    )
    return [
        ParkedEntry(
            id=entry.pk,
            type=entry.event.type,
            handler=entry.handler,
            subject=entry.subject,
            of_handler=entry.of_handler,
        )
        for entry in entries
    ]


def parked_among(ids: Collection[int]) -> set[int]:
    """Which of these inbox entries are parked."""
    among = InboxEntry.objects.filter(state=InboxState.PARKED, id__in=ids)
    return set(among.values_list("id", flat=True))


def handler_failures(limit: int = 5) -> list[str]:
    """The last error of each failing inbox entry: handler, event, attempts and reason; the oldest ``limit`` entries."""
    unhandled = InboxEntry.objects.filter(state__in=(InboxState.PENDING, InboxState.PARKED))
    failing = unhandled.exclude(error="").select_related("event")
    return [
        f"{entry.handler} failed {entry.attempts} times on {entry.event.type} {entry.subject}: {entry.error}"
        for entry in failing.order_by("id")[:limit]
    ]


def key_of(public_id: str) -> int | None:
    """The key in the outbox of the event with a public identifier; None if it is unknown or no longer kept."""
    return OutboxEvent.objects.filter(public_id=public_id).values_list("id", flat=True).first()


def envelopes_by_key(keys: Collection[int]) -> dict[int, Envelope]:
    """Envelopes of events by their key in the outbox, in one query.

    Left out are those no longer kept, those of a type that an earlier build declared and this one does not, and those
    with a moment that Python cannot read. ``data`` is no object where it cannot be read.
    """
    rows = OutboxEvent.objects.filter(pk__in=set(keys), type__in=list(TYPES))
    try:
        events = list(rows)
    except DataError:  # a moment that Python has not: found by reading each by itself
        events = [event for key in sorted(set(keys)) for event in _read_alone(rows, key)]
    return {event.pk: envelope_of(event) for event in events}


def _read_alone(rows: QuerySet[OutboxEvent], key: int) -> list[OutboxEvent]:
    """The event with this key; none if it cannot be read."""
    try:
        return list(rows.filter(pk=key))
    except DataError:
        logger.exception("event with the key %s cannot be read", key)
        return []


def names_by_key(keys: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Public identifier and type of events by their key in the outbox, also of types that no class declares."""
    rows = OutboxEvent.objects.filter(pk__in=set(keys)).values_list("pk", "public_id", "type")
    return {key: (identifier, type_name) for key, identifier, type_name in rows}


def to_be_handled(*, subject: str, kind: str, subscriber: str) -> str:
    """Whether a subscriber has still to handle an event of a kind about ``subject``, in SQL; our own words alone."""
    return f"""EXISTS (
    SELECT FROM public.events_outboxevent e
      LEFT JOIN public.events_inboxentry i ON i.event_id = e.id AND i.subscriber = '{subscriber}'
     WHERE e.subject = {subject} AND e.type = '{kind}' AND (i.id IS NULL OR i.state IN ('pending', 'parked')))"""
