"""What the tests of observability share: living processes, and nothing cached between two readings."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from celery import current_app
from django.db.models.functions import Now

from marketplace.observability import collector, readiness, services
from marketplace.observability.models import Heartbeat
from marketplace.observability.states import ProcessKind


@pytest.fixture(autouse=True)
def _nothing_cached(monkeypatch):
    monkeypatch.setattr(readiness, "CACHED_SECONDS", -1.0)
    monkeypatch.setattr(collector, "CACHED_SECONDS", -1.0)


@pytest.fixture
def living(db):
    """A worker for every queue and a beat, both seen just now on this host."""
    host = socket.gethostname()
    queues = sorted(current_app.amqp.queues)
    services.record_heartbeat(name="worker@here", kind=ProcessKind.WORKER, host=host, queues=queues)
    services.record_heartbeat(name="beat@here", kind=ProcessKind.BEAT, host=host)
    return host


def age(name: str, seconds: int) -> None:
    """Let a heartbeat be ``seconds`` old."""
    Heartbeat.objects.filter(name=name).update(seen_at=Now() - timedelta(seconds=seconds))
