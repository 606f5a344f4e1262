"""What a log line and a trace belong to: the request, handling or job in whose course it is written.

The names stand in structlog's context variables, so every log line of the same course carries them, whoever writes it.
Each handling and job is counted and, where OpenTelemetry is configured, a span; without configuration a span costs
next to nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import trace
from prometheus_client import Histogram

from .metrics import PREFIX

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""Identifiers of requests that are taken from callers; others are replaced."""
REQUEST_HEADER = "X-Request-ID"
TRACER = trace.get_tracer("sanpo")
WORK_SECONDS = Histogram(
    f"{PREFIX}work_seconds",
    "Seconds that a handling or job took, by its kind, the handler's or job's name, and whether it failed.",
    ["kind", "name", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1200),
)


def current_request_id() -> str:
    """The identifier of the request in whose course this runs, also in a later handling or job; empty outside one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def bind(**names: Any) -> None:
    """Add names to every later log line of this course; None and empty values are left out."""
    structlog.contextvars.bind_contextvars(**_given(names))


def begin(**names: Any) -> None:
    """Forget what the thread did before, and begin with these names."""
    structlog.contextvars.clear_contextvars()
    bind(**names)


def end() -> None:
    """Forget the names: the request or task is over."""
    structlog.contextvars.clear_contextvars()


class Course:
    """One handling or job under way. ``outcome`` is ``done`` unless somebody says that it failed."""

    def __init__(self, span: trace.Span) -> None:
        """A course that goes well so far."""
        self.outcome = "done"
        self._span = span

    def fail(self, error: BaseException) -> None:
        """Count it as failed, for callers that record an error and go on."""
        self.outcome = "failed"
        try:
            self._span.record_exception(error)
        except Exception as textless:  # an error may fail to say what it is; then the span has why
            self._span.record_exception(textless)
        self._span.set_status(trace.StatusCode.ERROR, type(error).__name__)


@contextmanager
def course(kind: str, name: str, **names: Any) -> Iterator[Course]:
    """The course of one handling or job: ``names`` are in its log lines and its span, and it is counted at its end.

    ``kind``: ``handling`` or ``job``; ``name``: the handler's or the kind of job's. An exception that passes through
    counts as failed.
    """
    given = _given({kind: name, **names})
    began = time.perf_counter()
    with (
        structlog.contextvars.bound_contextvars(**given),
        TRACER.start_as_current_span(f"{kind} {name}", attributes=attributes(given)) as span,
    ):
        under_way = Course(span)
        try:
            yield under_way
        except BaseException:
            under_way.outcome = "failed"
            raise
        finally:
            WORK_SECONDS.labels(kind, name, under_way.outcome).observe(time.perf_counter() - began)


def attributes(names: dict[str, Any]) -> dict[str, Any]:
    """The names as attributes of a span, with the request in whose course it runs."""
    request_id = names.get("request_id") or current_request_id()
    return {f"sanpo.{name}": value for name, value in {**names, "request_id": request_id}.items() if value}


def _given(names: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if value not in (None, "")}
