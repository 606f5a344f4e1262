"""One search finds a purchase: a job names the request in whose course it was written, whoever runs it and when."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from django.db import transaction
from opentelemetry.sdk.trace import TracerProvider

from marketplace.jobs import services
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.kernel import correlation
from marketplace.observability.log_format import json_formatter
from tests.jobs.probe import kinds

REQUEST = "caller-12345678"


class Lines(logging.Handler):
    """Keeps every line as the market's processes write it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(json_formatter())
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """What is logged during the test, as JSON lines."""
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


def test_a_job_names_the_request_that_wrote_it(committed_database, tmp_path, lines):
    correlation.begin(request_id=REQUEST)
    try:
        with transaction.atomic():
            services.enqueue(
                kind=kinds.PLAIN,
                subject="thing_1",
                arguments={"trace": str(tmp_path / "t"), "act": "fail once"},
            )
    finally:
        correlation.end()
    assert Job.objects.get().request_id == REQUEST
    assert run_due("default") == 2
    failed = [line for line in lines if str(line["event"]).endswith("failed")]
    assert [(line["request_id"], line["job_id"], line["attempt"]) for line in failed] == [
        (REQUEST, Job.objects.get().public_id, 1)
    ]
    assert correlation.current_request_id() == ""


def test_a_job_written_outside_any_request_names_none(committed_database, tmp_path):
    with transaction.atomic():
        services.enqueue(
            kind=kinds.PLAIN, subject="thing_1", arguments={"trace": str(tmp_path / "t"), "act": ""}
        )
    assert Job.objects.get().request_id == ""


class Unspeakable(Exception):
    """An error without a text."""

    def __str__(self) -> str:
        raise ValueError("no text")


def test_a_span_takes_an_error_that_does_not_say_what_it_is():
    span = TracerProvider().get_tracer("test").start_span("handling")
    under_way = correlation.Course(span)
    under_way.fail(Unspeakable())
    assert under_way.outcome == "failed"
    assert [event.attributes["exception.message"] for event in span.events] == ["no text"]
    assert span.status.description == "Unspeakable"
