"""Middleware that gives each request its identifier, measures it and logs it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from opentelemetry.trace import Span, SpanKind, StatusCode
from prometheus_client import Histogram

from marketplace.kernel import correlation
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.metrics import PREFIX

logger = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"

REQUEST_SECONDS = Histogram(
    f"{PREFIX}request_seconds",
    "Seconds from a request to the beginning of its answer, by the template of its route, method and status.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REQUEST_SECONDS_LOGGED = 3


class ObserveRequests:
    """Takes ``X-Request-ID`` from the caller or makes one, answers with it, and names every log line by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, and measure and log its answer."""
        given = request.headers.get(correlation.REQUEST_HEADER, "")
        request_id = given if correlation.REQUEST_ID.fullmatch(given) else new_identifier("req")
        correlation.begin(request_id=request_id)
        began = time.perf_counter()
        try:
            with correlation.TRACER.start_as_current_span("request", kind=SpanKind.SERVER) as span:
                response = self.get_response(request)
                _record(request, response.status_code, time.perf_counter() - began, span)
        finally:
            correlation.end()
        response[correlation.REQUEST_HEADER] = request_id
        return response


def _record(request: HttpRequest, status: int, seconds: float, span: Span) -> None:
    method = request.method if request.method in METHODS else "other"
    match = request.resolver_match
    route = template_of(match.route) if match is not None else UNMATCHED
    REQUEST_SECONDS.labels(route, method, status).observe(seconds)
    fields = {
        "method": method,
        "route": route,
        "status": status,
        "seconds": round(seconds, REQUEST_SECONDS_LOGGED),
    }
    logger.info("request", extra=fields)
    if span.is_recording():
        span.update_name(f"{method} {route}")
        names: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        span.set_attributes({**names, **correlation.attributes({})})
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(StatusCode.ERROR)


@lru_cache(maxsize=2000)
def template_of(route: str) -> str:
    """The template of a route of Django's, as OpenAPI writes it: ``/api/v1/cycles/{id}/``."""
    text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", route)
    text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    return "/" + re.sub(r"\\Z|[\^$\\?]", "", text)
