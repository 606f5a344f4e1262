"""Record the signs of life of processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from .models import Heartbeat
from .states import ProcessKind

FORGOTTEN_AFTER = timedelta(days=1)


@transaction.atomic
def record_heartbeat(*, name: str, kind: ProcessKind, host: str, queues: Sequence[str] = ()) -> None:
    """Record that a process lives, and forget processes that nobody has seen for a day."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, kind=kind, host=host, queues=list(queues), seen_at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["kind", "host", "queues", "seen_at"],
    )
    Heartbeat.objects.filter(seen_at__lt=Now() - FORGOTTEN_AFTER).delete()
