"""The database refuses what Python would not do."""

import pytest
from django.db import connection

from marketplace.events.models import OutboxEvent
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.webhooks.models import FeedEntry, FeedPosition, WebhookAttempt, WebhookMessage
from tests.participants import factories as parties
from tests.roles import assert_refused

from . import factories

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/"


@pytest.fixture
def webhook():
    return factories.webhook(parties.organisation(), URL)[0]


def refused(match: str, statement: str) -> None:
    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.check_constraints()

    assert_refused(attack, because=match)


def broken() -> list[str]:
    return [name for name, breaches in verify_all("webhooks").items() if breaches]


def test_an_event_enters_a_feed_once():
    event = factories.emit(factories.registered("org_1"))[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM events_outboxevent WHERE public_id = %s", [event])
        key = cursor.fetchone()[0]
    FeedEntry.objects.create(scope="org_1", event_id=key, type="organisation.registered")
    refused(
        "feed_once",
        "INSERT INTO webhooks_feedentry (scope, event_id, type) SELECT scope, event_id, type FROM webhooks_feedentry",
    )
    refused("cannot be changed", "UPDATE webhooks_feedentry SET scope = 'org_2'")
    FeedPosition.objects.create(pk=1, transaction="1", event_id=1)
    refused(
        "feed_position_one",
        "INSERT INTO webhooks_feedposition (id, transaction, event_id) VALUES (2, '1', 1)",
    )
    assert broken() == []
    FeedEntry.objects.create(scope="operator", event_id=key, type="organisation.registered")
    assert broken() == []


def test_an_event_is_in_no_feed_but_those_that_may_see_it():
    seen = factories.emit(factories.registered("org_1"))[0]
    key = OutboxEvent.objects.get(public_id=seen).pk
    for scope, event_type in (
        ("org_2", "organisation.registered"),
        ("everyone", "organisation.registered"),
        ("org_1", "trade.secured"),
    ):
        entry = FeedEntry.objects.create(scope=scope, event_id=key, type=event_type)
        assert (scope, broken()) == (scope, ["webhooks.feed_scoped"])
        entry.delete()
    assert broken() == []


def test_an_event_is_one_message_of_a_webhook(webhook):
    WebhookMessage.objects.create(webhook=webhook, event_id=1)
    copy = "INSERT INTO webhooks_webhookmessage (webhook_id, event_id, ping, state, attempts) SELECT webhook_id, "
    refused("webhook_message_once", f"{copy} event_id, NULL, 'pending', 0 FROM webhooks_webhookmessage")
    refused("webhook_message_subject", f"{copy} 2, 'png_1', 'pending', 0 FROM webhooks_webhookmessage")
    refused("webhook_message_subject", f"{copy} NULL, NULL, 'pending', 0 FROM webhooks_webhookmessage")
    refused("cannot begin as", f"{copy} 2, NULL, 'delivered', 0 FROM webhooks_webhookmessage")
    refused("cannot be changed", "UPDATE webhooks_webhookmessage SET event_id = 2")
    refused(
        "webhook_message_lease", "UPDATE webhooks_webhookmessage SET state = 'delivered', lease_until = now()"
    )
    WebhookMessage.objects.update(state="delivered")
    refused("does not lead to", "UPDATE webhooks_webhookmessage SET state = 'failed'")
    assert broken() == []


def test_a_webhook_stays_its_organisations(webhook):
    other = parties.organisation("X")
    refused("cannot be changed", f"UPDATE webhooks_webhook SET organisation_id = {other.pk}")
    refused("cannot be changed", "UPDATE webhooks_webhook SET scope = 'operator'")
    refused("webhook_disabled_why", "UPDATE webhooks_webhook SET state = 'disabled'")
    refused("webhook_disabled_why", "UPDATE webhooks_webhook SET disabled_reason = 'gone'")
    refused("are kept", "DELETE FROM webhooks_webhook")
    copy = "INSERT INTO webhooks_webhooksecret (webhook_id, sealed, expires_at) SELECT webhook_id, 'x', "
    refused("webhook_secret_current", f"{copy} NULL FROM webhooks_webhooksecret")
    refused(
        "webhook_secret_expiring",
        f"{copy} now() FROM webhooks_webhooksecret, generate_series(1, 2)",
    )
    refused("cannot be changed", "UPDATE webhooks_webhooksecret SET sealed = 'x'")
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhooks_webhook SET state = 'deleted'")
    assert broken() == ["webhooks.webhook_of_one_organisation"]
    refused("does not lead to", "UPDATE webhooks_webhook SET state = 'active'")


def test_an_attempt_never_changes(webhook):
    WebhookAttempt.objects.create(
        webhook=webhook, message="evt_1", type="trade.secured", number=1, outcome="timed_out", took_ms=1
    )
    refused("cannot be changed", "UPDATE webhooks_webhookattempt SET outcome = 'delivered', status = 200")
    refused(
        "webhook_attempt_status",
        "INSERT INTO webhooks_webhookattempt (webhook_id, message, type, number, outcome, took_ms)"
        " SELECT webhook_id, message, type, 2, 'delivered', 1 FROM webhooks_webhookattempt",
    )
    assert broken() == []


def test_the_invariants_are_registered():
    assert len([name for name in REGISTER if name.startswith("webhooks.")]) == 5
