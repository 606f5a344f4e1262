"""Queries on the feed and the webhooks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from marketplace.events.envelope import Envelope
from marketplace.events.queries import envelopes_by_key, key_of, names_by_key
from marketplace.events.schema import SchemaError
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing

from .errors import CursorUnknown
from .models import FeedEntry, Webhook, WebhookAttempt
from .scopes import cloudevent_for, scope_of, visible_scopes
from .states import WebhookState

# Each scope and type is read from its own range of an index and no further than the page needs, so a page costs the same
# at any history and however rare a type is. Comparing rows, not columns, leaves the planner no other index.
PAGE = """
    SELECT entry.id, entry.event_id FROM unnest(%(scopes)s::text[]) AS visible (scope) CROSS JOIN LATERAL (
        SELECT id, event_id FROM webhooks_feedentry AS row
         WHERE (row.scope, row.id) > (visible.scope, %(after)s) AND (row.scope, row.id) < (visible.scope, %(end)s)
         ORDER BY row.scope, row.id LIMIT %(limit)s
    ) AS entry ORDER BY entry.id LIMIT %(limit)s
"""
PAGE_OF_TYPES = """
    SELECT entry.id, entry.event_id FROM unnest(%(scopes)s::text[]) AS visible (scope)
     CROSS JOIN unnest(%(types)s::text[]) AS wanted (type) CROSS JOIN LATERAL (
        SELECT id, event_id FROM webhooks_feedentry AS row
         WHERE (row.scope, row.type, row.id) > (visible.scope, wanted.type, %(after)s)
           AND (row.scope, row.type, row.id) < (visible.scope, wanted.type, %(end)s)
         ORDER BY row.scope, row.type, row.id LIMIT %(limit)s
    ) AS entry ORDER BY entry.id LIMIT %(limit)s
"""
NUMBER_MAX = 2**63 - 1

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events of a feed in the order of their commits, as CloudEvents.

    ``next``: the identifier of the event to go on after; None while the feed is empty. ``more``: whether events follow.
    Events that are no longer available (of a type that this build does not declare), or that cannot be read, are
    passed over.
    """

    events: list[dict[str, Any]]
    next: str | None
    more: bool


def read_feed(*, actor: Actor, after: str | None, types: Sequence[str], limit: int) -> FeedPage:
    """At most ``limit`` events of the actor's feed after the event ``after``, or from the oldest one kept.

    ``types`` (``trade.secured``) narrows them. Raises CursorUnknown, Forbidden.
    """
    scope = scope_of(actor)
    position = position_of(scope, after) if after is not None else 0
    with connection.cursor() as cursor:
        cursor.execute(*page_statement(scope=scope, types=types, after=position, limit=limit + 1))
        keys = [row[1] for row in cursor.fetchall()]
    page = keys[:limit]
    envelopes = envelopes_by_key(page)
    events = [event for key in page if key in envelopes for event in _shown(envelopes[key], scope)]
    return FeedPage(events=events, next=_last_of(page, envelopes) or after, more=len(keys) > limit)


def _shown(envelope: Envelope, scope: str) -> list[dict[str, Any]]:
    """The event as the feed shows it; none if it cannot be written, so that it stops no reader."""
    try:
        return [cloudevent_for(envelope, scope)]
    except SchemaError:
        logger.exception("an event of the feed is passed over")
        return []


def _last_of(page: list[int], envelopes: dict[int, Envelope]) -> str | None:
    """The identifier of the last event of a page, shown or not, so that the reader goes on after it."""
    if not page:
        return None
    if page[-1] in envelopes:
        return envelopes[page[-1]].identifier
    names = names_by_key(page)
    return next((names[key][0] for key in reversed(page) if key in names), None)


def page_statement(*, scope: str, types: Sequence[str], after: int, limit: int) -> tuple[str, dict[str, Any]]:
    """The statement, and its parameters, that selects (number in the feed, event's key) of a page in order."""
    return PAGE_OF_TYPES if types else PAGE, {
        "scopes": visible_scopes(scope),
        "types": sorted(set(types)),
        "after": after,
        "end": NUMBER_MAX,
        "limit": limit,
    }


def position_of(scope: str, event: str) -> int:
    """The number in the feed of an event that ``scope`` may see; raises CursorUnknown."""
    key = key_of(event)
    entry = FeedEntry.objects.filter(event_id=key, scope__in=visible_scopes(scope)).first() if key else None
    if entry is None:
        raise CursorUnknown(after=event, days=settings.RETENTION["feed"][0])
    return entry.pk


def position_before(since: datetime | None) -> int:
    """The number in the feed before which every entry was published before an instant (real time); 0 for None."""
    if since is None:
        return 0
    first = FeedEntry.objects.filter(published_at__gte=since).order_by("published_at", "id").first()
    if first is None:
        return FeedEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return first.pk - 1


def webhooks_of(actor: Actor) -> QuerySet[Webhook]:
    """The webhooks of the actor's own organisation, also for the operator; without deleted ones. Raises Forbidden."""
    return Webhook.objects.filter(organisation_id=actor.require_organisation()).exclude(
        state=WebhookState.DELETED
    )


def attempts_of(actor: Actor, webhook: str) -> QuerySet[WebhookAttempt]:
    """The ended attempts to send messages of a webhook of the actor's organisation; raises Missing."""
    subject = webhooks_of(actor).filter(public_id=webhook).first()
    if subject is None:
        raise Missing(kind="webhook", identifier=webhook)
    return WebhookAttempt.objects.filter(webhook=subject)


def oldest_due_seconds() -> float:
    """For how long the oldest due message of an active webhook has been due, in seconds; 0 if none is due.

    Messages of suspended organisations wait and are not due.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - due.due_at)), 0) FROM webhooks_webhook webhook"
            "  JOIN participants_organisation organisation ON organisation.id = webhook.organisation_id"
            "   AND organisation.state = 'active'"
            " CROSS JOIN LATERAL (SELECT due_at FROM webhooks_webhookmessage message"
            "  WHERE message.webhook_id = webhook.id AND message.state = 'pending'"
            "    AND message.due_at <= clock_timestamp() ORDER BY message.due_at, message.id LIMIT 1) AS due"
            " WHERE webhook.state = 'active'"
        )
        return float(cursor.fetchone()[0])


def count_failing() -> int:
    """The number of active webhooks whose last attempt failed."""
    return Webhook.objects.filter(state=WebhookState.ACTIVE, failing_since__isnull=False).count()
