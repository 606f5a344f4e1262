"""What the feed and the webhooks keep no longer is removed, and nothing else."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from marketplace.kernel import retention
from marketplace.kernel.discovery import import_declarations
from marketplace.kernel.retention import OLD_ROWS
from marketplace.webhooks.models import FeedEntry, WebhookAttempt, WebhookMessage, WebhookSecret
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db

import_declarations("retention")
KINDS = ("feed", "webhook_messages", "webhook_attempts", "webhook_secrets")


@pytest.fixture
def rows():
    """One row of each table older than the retention, and one younger."""
    webhook, _ = factories.webhook(parties.organisation(), "https://hooks.example.com/")
    days = settings.RETENTION["feed"][0]
    for number, age in enumerate((days + 1, days - 1), start=1):
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
    assert [factories.remove_old(name) for name in KINDS] == [1, 1, 1, 1]
    assert list(FeedEntry.objects.values_list("event_id", flat=True)) == [2]
    assert list(WebhookMessage.objects.values_list("event_id", flat=True)) == [2]
    assert list(WebhookAttempt.objects.values_list("message", flat=True)) == ["evt_2"]
    assert WebhookSecret.objects.filter(expires_at__isnull=False).count() == 0
    assert WebhookSecret.objects.count() == 1
    assert [factories.remove_old(name) for name in KINDS] == [0, 0, 0, 0]


def test_a_secret_that_still_signs_stays(rows):
    WebhookSecret.objects.create(
        webhook=factories.webhook(parties.organisation("O"), "https://hooks.example.com/")[0],
        sealed="x",
        expires_at=timezone.now() + timedelta(hours=1),
    )
    assert factories.remove_old("webhook_secrets") == 1
    assert WebhookSecret.objects.filter(expires_at__isnull=False).count() == 1


def test_participants_read_events_no_longer_than_the_market_keeps_them():
    days = {name: kept_days for name, (kept_days, _) in settings.RETENTION.items()}
    assert days["feed"] == days["webhook_messages"] == 30
    assert days["feed"] < days["events"]


def test_old_rows_leave_a_chunk_at_a_time(rows, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 2)
    FeedEntry.objects.bulk_create(
        FeedEntry(scope="org_1", event_id=number, type="x", published_at=timezone.now() - timedelta(days=99))
        for number in range(10, 15)
    )
    before = timezone.now() - timedelta(days=settings.RETENTION["feed"][0])
    assert [OLD_ROWS["feed"].remove(before) for _ in range(4)] == [2, 2, 2, 0]
    assert FeedEntry.objects.count() == 1
