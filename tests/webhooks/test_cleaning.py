"""What the feed and the webhooks keep no longer is deleted, and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.webhooks import cleaning
from marketplace.webhooks.models import FeedEntry, WebhookAttempt, WebhookMessage, WebhookSecret
from marketplace.webhooks.tasks import clean
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(settings):
    """One row of each table older than the retention, and one younger."""
    webhook, _ = factories.webhook(parties.organisation(), "https://hooks.example.com/")
    days = settings.FEED_RETENTION_DAYS
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
    WebhookSecret.objects.create(webhook=webhook, sealed="x", expires_at=timezone.now())
    return webhook


def test_old_rows_leave_and_young_ones_stay(rows):
    assert clean() == 4
    assert list(FeedEntry.objects.values_list("event_id", flat=True)) == [2]
    assert list(WebhookMessage.objects.values_list("event_id", flat=True)) == [2]
    assert list(WebhookAttempt.objects.values_list("message", flat=True)) == ["evt_2"]
    assert WebhookSecret.objects.filter(expires_at__isnull=False).count() == 0
    assert WebhookSecret.objects.count() == 1
    assert clean() == 0


def test_a_run_deletes_a_limited_number_of_chunks(rows, monkeypatch):
    monkeypatch.setattr(cleaning, "CHUNK_ROWS", 1)
    FeedEntry.objects.bulk_create(
        FeedEntry(scope="org_1", event_id=number, type="x", published_at=timezone.now() - timedelta(days=99))
        for number in range(10, 15)
    )
    assert cleaning.delete_old(chunks_max=2) == 5
    assert FeedEntry.objects.count() == 5
