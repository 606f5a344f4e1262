"""A handling names the request that emitted its event, in its log lines and in what it writes."""

from __future__ import annotations

import json
import logging

import pytest

from marketplace.events import handling
from marketplace.events.claiming import Claimer
from marketplace.events.models import OutboxEvent
from marketplace.events.resting import Rests
from marketplace.kernel import correlation
from marketplace.observability.log_format import json_formatter

from .pipe import HANDLER, emit, relay_all
from .probe import handlers

REQUEST = "caller-12345678"


@pytest.fixture
def of_a_request():
    """A request under way."""
    correlation.begin(request_id=REQUEST)
    yield
    correlation.end()


def test_a_handling_names_the_request_that_emitted_its_event(probed, of_a_request):
    formatter = json_formatter()
    lines: list[dict[str, object]] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(json.loads(formatter.format(record)))
    handlers.FAILING.add("org_1")
    emit("org_1")
    correlation.end()
    assert OutboxEvent.objects.get().request_id == REQUEST
    relay_all(1)
    (entry,) = Claimer().claim()
    logging.getLogger("marketplace.events").addHandler(handler)
    try:
        assert handling.handle(entry, Rests()) is False
    finally:
        logging.getLogger("marketplace.events").removeHandler(handler)
    assert [(line["request_id"], line["event_id"], line["handling"], line["attempt"]) for line in lines] == [
        (REQUEST, OutboxEvent.objects.get().public_id, HANDLER, 1)
    ]
    assert correlation.current_request_id() == ""


def test_an_event_outside_any_request_names_none(probed):
    emit("org_1")
    assert OutboxEvent.objects.get().request_id == ""
