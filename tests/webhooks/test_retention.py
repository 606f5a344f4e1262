"""What the feed and the webhooks keep no longer is deleted, and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.kernel import retention
from marketplace.webhooks.models import FeedEntry, WebhookAttempt, WebhookMessage, WebhookSecret
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db
KINDS = ("feed", "webhook_messages", "webhook_attempts", "webhook_secrets")


@pytest.fixture
def rows(settings):
    """One row of each table older than the retention, and one younger."""
    webhook, _ = factories.webhook(parties.organisation(), "https://hooks.example.com/")
    assert {settings.RETENTION[kind][0] for kind in KINDS[:3]} == {30}
    for number, age in enumerate((31, 29), start=1):
        then = timezone.now() - timedelta(days=age)
        FeedEntry.objects.create(scope="org_1", event_id=number, type="trade.secured", published_at=then)
        WebhookMessage.objects.create(webhook=webhook, event_id=number, queued_at=then)
        WebhookAttempt.objects.create(
            webhook=webhook,
            message=f"evt_{number}",
            type="trade.secured",
            number=1,
            outcome="timed_out",
            took_ms=1,
            ended_at=then,
        )
    WebhookSecret.objects.create(webhook=webhook, sealed="x", expires_at=timezone.now() - timedelta(days=2))
    return webhook


def test_old_rows_leave_and_young_ones_stay(rows):
    assert [factories.remove_old(kind) for kind in KINDS] == [1, 1, 1, 1]
    assert list(FeedEntry.objects.values_list("event_id", flat=True)) == [2]
    assert list(WebhookMessage.objects.values_list("event_id", flat=True)) == [2]
    assert list(WebhookAttempt.objects.values_list("message", flat=True)) == ["evt_2"]
    assert WebhookSecret.objects.filter(expires_at__isnull=False).count() == 0
    assert WebhookSecret.objects.count() == 1
    assert [factories.remove_old(kind) for kind in KINDS] == [0, 0, 0, 0]


def test_old_rows_leave_a_chunk_at_a_time(rows, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 2)
    FeedEntry.objects.bulk_create(
        FeedEntry(scope="org_1", event_id=number, type="x", published_at=timezone.now() - timedelta(days=99))
        for number in range(10, 15)
    )
    assert [factories.remove_old("feed") for _ in range(4)] == [2, 2, 2, 0]
    assert FeedEntry.objects.count() == 1


def test_the_outbox_keeps_events_longer_than_the_feed(settings):
    assert settings.RETENTION["events"][0] > settings.RETENTION["feed"][0]
