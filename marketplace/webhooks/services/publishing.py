"""Publish events of the outbox to the feed, and queue the messages of the webhooks that want them."""

from __future__ import annotations

import time

from django.db import connection, transaction

from marketplace.kernel.horizon import horizon

from ..locks import PUBLISH_LOCK
from ..models import FeedPosition, Webhook
from ..scopes import EVERYONE, OPERATOR, declared_parties
from ..states import WebhookState

PUBLISH_BATCH = 1_000
PUBLISH_SECONDS_MAX = 20.0
"""Time after which a run begins no further batch; the next run, a second later, goes on."""
EVERYONES_MESSAGES_MAX = 20_000
"""A batch ends with the event for everyone at which about so many messages are queued: a transaction has seconds."""

# An event enters the feed of the operator, of each organisation in a field of its audience, and of everyone where its
# class says so. Entries get their numbers in the order of the sort, which is the order of commits. An entry that is there,
# however it came, stops no publishing.
PUBLISH = """
    WITH due AS MATERIALIZED (
        SELECT id, type, data, transaction, type = ANY(%(everyones_types)s) AS is_everyones FROM events_outboxevent
         WHERE (transaction, id) > (%(transaction)s::text::xid8, %(event_id)s)
           AND transaction < %(horizon)s::text::xid8
         ORDER BY transaction, id LIMIT %(limit)s
    ), counted AS (
        SELECT *, count(*) FILTER (WHERE is_everyones) OVER (ORDER BY transaction, id) - is_everyones::int AS before
          FROM due
    ), batch AS MATERIALIZED (
        SELECT id, type, data, transaction FROM counted WHERE before < %(everyones_max)s
    ), scoped AS (
        SELECT batch.transaction, batch.id, batch.type, %(operator)s AS scope FROM batch
        UNION
        SELECT batch.transaction, batch.id, batch.type,
               CASE declared.field WHEN '' THEN %(everyone)s ELSE batch.data ->> declared.field END
          FROM batch JOIN unnest(%(types)s::text[], %(fields)s::text[]) AS declared (type, field) USING (type)
    ), written AS (
        INSERT INTO webhooks_feedentry (scope, event_id, type)
        SELECT left(scope, 31), id, type FROM scoped WHERE scope IS NOT NULL ORDER BY transaction, id, scope
        ON CONFLICT DO NOTHING
        RETURNING scope, event_id, type
    ), queued AS (
        INSERT INTO webhooks_webhookmessage (webhook_id, event_id, state, attempts)
        SELECT webhook.id, written.event_id, 'pending', 0
          FROM written JOIN webhooks_webhook webhook ON webhook.state = 'active'
           AND (webhook.scope = written.scope OR (written.scope = %(everyone)s AND webhook.scope <> %(operator)s))
           AND (webhook.event_types = '{}' OR written.type = ANY(webhook.event_types))
        RETURNING id
    )
    SELECT transaction::text, id, count(*) OVER (), (SELECT count(*) FROM queued), (SELECT count(*) FROM due)
      FROM batch ORDER BY batch.transaction DESC, id DESC LIMIT 1
"""


@transaction.atomic
def publish() -> tuple[int, int, bool]:
    """Publish the next committed events to the feed; returns the numbers of events published and messages queued, and
    whether more may be due.

    It stops before the oldest running transaction, so it never skips an event that commits late. One publisher works at
    a time; any other returns (0, 0, False) at once.
    """
    if not PUBLISH_LOCK.try_acquire():
        return 0, 0, False
    position, _ = FeedPosition.objects.get_or_create(pk=1, defaults={"transaction": "0", "event_id": 0})
    types, fields = declared_parties()
    active = Webhook.objects.filter(state=WebhookState.ACTIVE).count()
    with connection.cursor() as cursor:
        cursor.execute(
            PUBLISH,
            {
                "transaction": position.transaction,
                "event_id": position.event_id,
                "horizon": str(horizon()),
                "limit": PUBLISH_BATCH,
                "everyones_types": [name for name, field in zip(types, fields, strict=True) if not field],
                "everyones_max": max(1, EVERYONES_MESSAGES_MAX // max(1, active)),
                "operator": OPERATOR,
                "everyone": EVERYONE,
                "types": types,
                "fields": fields,
            },
        )
        last = cursor.fetchone()
    if last is None:
        return 0, 0, False
    position.transaction, position.event_id = last[0], last[1]
    position.save(update_fields=["transaction", "event_id"])
    return last[2], last[3], last[2] < last[4] or last[2] == PUBLISH_BATCH


def publish_due(*, seconds_max: float = PUBLISH_SECONDS_MAX) -> tuple[int, int]:
    """Publish batch after batch until nothing is due or the time is over, each in a transaction of its own; the sums."""
    deadline, events, messages = time.monotonic() + seconds_max, 0, 0
    while time.monotonic() < deadline:
        published, queued, more = publish()
        events, messages = events + published, messages + queued
        if not more:
            break
    return events, messages
