"""Invariants of the feed and the webhooks."""

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="webhooks.feed_scoped",
    promise=8,
    statement="An event is once in the feed of each scope that may see it, and in no other.",
    guards=("webhooks_feedentry.feed_once", "webhooks_feedentry.immutable"),
    test="tests/webhooks/test_guards.py::test_an_event_enters_a_feed_once",
    check=by_query(
        "SELECT entry.id, entry.scope FROM webhooks_feedentry entry"
        " JOIN events_outboxevent event ON event.id = entry.event_id"
        " WHERE entry.scope NOT IN ('operator', 'everyone')"
        "   AND NOT EXISTS (SELECT FROM jsonb_each_text(event.data) AS field WHERE field.value = entry.scope)"
    ),
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
