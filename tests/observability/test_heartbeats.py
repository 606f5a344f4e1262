"""Workers and beat leave one row each, and a process that is long gone is forgotten."""

from __future__ import annotations

import pytest

from marketplace.observability import services
from marketplace.observability.models import Heartbeat
from marketplace.observability.states import ProcessKind

from .conftest import age

pytestmark = pytest.mark.django_db


def beat(name: str, *queues: str) -> None:
    services.record_heartbeat(name=name, kind=ProcessKind.WORKER, host="here", queues=queues)


def test_a_process_has_one_row_that_says_when_it_was_last_seen():
    beat("worker-a@here", "mail")
    age("worker-a@here", 100)
    first = Heartbeat.objects.get()
    beat("worker-a@here", "mail", "files")
    second = Heartbeat.objects.get()
    assert (second.queues, second.started_at) == (["mail", "files"], first.started_at)
    assert second.seen_at > first.seen_at


def test_a_process_not_seen_for_a_day_is_forgotten():
    beat("worker-a@here")
    beat("worker-b@here")
    age("worker-a@here", 86_401)
    beat("worker-b@here")
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["worker-b@here"]
