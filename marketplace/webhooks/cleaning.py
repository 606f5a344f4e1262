"""Delete what the feed and the webhooks keep no longer, in chunks."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models

from marketplace.kernel import clock

from .models import FeedEntry, WebhookAttempt, WebhookMessage, WebhookSecret

CHUNK_ROWS = 5_000


def delete_old(*, chunks_max: int = 20) -> int:
    """Delete rows older than ``FEED_RETENTION_DAYS``, and secrets that no longer sign; returns how many.

    Each chunk is a transaction of its own. What is left after ``chunks_max`` chunks of a table waits for the next call.
    """
    now = clock.real_now()
    oldest = now - timedelta(days=settings.FEED_RETENTION_DAYS)
    due: tuple[tuple[models.QuerySet[models.Model], str], ...] = (
        (FeedEntry.objects.filter(published_at__lt=oldest), "published_at"),
        (WebhookMessage.objects.filter(queued_at__lt=oldest), "queued_at"),
        (WebhookAttempt.objects.filter(ended_at__lt=oldest), "ended_at"),
        (WebhookSecret.objects.filter(expires_at__lte=now), "expires_at"),
    )
    return sum(_delete(rows, order, chunks_max) for rows, order in due)


def _delete(rows: models.QuerySet[models.Model], order: str, chunks_max: int) -> int:
    deleted = 0
    for _ in range(chunks_max):
        keys = rows.order_by(order).values("pk")[:CHUNK_ROWS]
        count, _ = rows.model._default_manager.filter(pk__in=list(keys.values_list("pk", flat=True))).delete()
        deleted += count
        if count < CHUNK_ROWS:
            break
    return deleted
