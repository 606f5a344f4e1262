"""Invariants of the feed and the webhooks."""

from __future__ import annotations

from typing import Any

from django.db import connection

from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query, columns_within_bounds

from .scopes import EVERYONE, OPERATOR, declared_parties

MISPLACED = """
    SELECT entry.id, entry.scope FROM webhooks_feedentry entry
      JOIN events_outboxevent event ON event.id = entry.event_id
     WHERE entry.type <> event.type
        OR entry.scope <> %(operator)s AND NOT EXISTS (
           SELECT FROM unnest(%(types)s::text[], %(fields)s::text[]) AS declared (type, field)
            WHERE declared.type = event.type
              AND entry.scope = CASE declared.field WHEN '' THEN %(everyone)s ELSE event.data ->> declared.field END)
"""


def _misplaced_entries() -> list[dict[str, Any]]:
    """Entries in the feed of a scope that may not see their event by the audience of its class."""
    types, fields = declared_parties()
    values: dict[str, Any] = {"operator": OPERATOR, "everyone": EVERYONE, "types": types, "fields": fields}
    with connection.cursor() as cursor:
        cursor.execute(MISPLACED, values)
        return [{"id": key, "scope": scope} for key, scope in cursor.fetchmany(BREACHES_SHOWN_MAX)]


Invariant(
    name="webhooks.feed_scoped",
    promise=8,
    statement="An event is at most once in the feed of a scope, and in that of none but those that may see it.",
    guards=("webhooks_feedentry.feed_once", "webhooks_feedentry.immutable"),
    test="tests/webhooks/test_guards.py::test_an_event_enters_a_feed_once",
    check=_misplaced_entries,
)
Invariant(
    name="webhooks.message_once",
    promise=7,
    statement="An event is one message of a webhook, a message is about an event or is a ping, and only a pending one is"
    " being sent.",
    guards=(
        "webhooks_webhookmessage.webhook_message_once",
        "webhooks_webhookmessage.webhook_message_subject",
        "webhooks_webhookmessage.webhook_message_lease",
        "webhooks_webhookmessage.state_guard",
        "webhooks_webhookmessage.immutable",
    ),
    test="tests/webhooks/test_guards.py::test_an_event_is_one_message_of_a_webhook",
    check=by_query(
        "SELECT webhook_id, event_id FROM webhooks_webhookmessage WHERE event_id IS NOT NULL"
        " GROUP BY 1, 2 HAVING count(*) > 1"
    ),
)
Invariant(
    name="webhooks.webhook_of_one_organisation",
    promise=8,
    statement="A webhook stays its organisation's, is disabled for a reason, and has one current secret unless deleted.",
    guards=(
        "webhooks_webhook.immutable",
        "webhooks_webhook.webhook_disabled_why",
        "webhooks_webhook.state_guard",
        "webhooks_webhook.no_delete",
        "webhooks_webhooksecret.webhook_secret_current",
        "webhooks_webhooksecret.webhook_secret_expiring",
        "webhooks_webhooksecret.immutable",
    ),
    test="tests/webhooks/test_guards.py::test_a_webhook_stays_its_organisations",
    check=by_query(
        "SELECT webhook.public_id, webhook.state FROM webhooks_webhook webhook"
        " JOIN participants_organisation organisation ON organisation.id = webhook.organisation_id"
        " WHERE webhook.scope <> CASE WHEN organisation.is_operator THEN 'operator' ELSE organisation.public_id END"
        "    OR (webhook.state = 'deleted') = EXISTS (SELECT FROM webhooks_webhooksecret secret"
        "        WHERE secret.webhook_id = webhook.id AND secret.expires_at IS NULL)"
    ),
)
Invariant(
    name="webhooks.attempt_unchanged",
    promise=7,
    statement="An attempt never changes, and has a status exactly where the receiver answered.",
    guards=("webhooks_webhookattempt.immutable", "webhooks_webhookattempt.webhook_attempt_status"),
    test="tests/webhooks/test_guards.py::test_an_attempt_never_changes",
    check=by_query(
        "SELECT id FROM webhooks_webhookattempt WHERE (outcome IN ('delivered', 'refused')) = (status IS NULL)"
    ),
)
Invariant(
    name="webhooks.columns_within_bounds",
    promise=7,
    statement="Every moment, number of attempts and JSON value of a webhook, its messages and its feed can be read.",
    guards=(
        "webhooks_webhookmessage.webhooks_webhookmessage_due_at_check",
        "webhooks_webhookmessage.webhooks_webhookmessage_attempts_check",
        "webhooks_webhookmessage.own_key",
        "webhooks_feedentry.own_key",
    ),
    test="tests/kernel/test_readable_columns.py::test_a_row_that_nobody_can_read_is_refused",
    check=columns_within_bounds("webhooks"),
)
