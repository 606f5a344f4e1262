"""What ``/healthz``, ``/readyz`` and ``/metrics`` answer, whichever server carries the request."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import parse_qs

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST

from .collector import render_metrics
from .readiness import CHECKS, READINESS

HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"
PATHS = frozenset({HEALTH, READY, METRICS})
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """An answer over HTTP: its status, media type and body."""

    status: int
    content_type: str
    body: bytes


def is_trusted(*, authorization: str, peer: str, is_forwarded: bool) -> bool:
    """Whether a caller may read metrics and details: by the token, or from the same machine where settings allow it.

    ``authorization``: the header's value, or an empty text. ``peer``: the address of the connection.
    ``is_forwarded``: whether a proxy says that it forwards somebody else's request.
    """
    expected = f"Bearer {settings.MONITOR_TOKEN}"
    if settings.MONITOR_TOKEN and hmac.compare_digest(authorization.encode(), expected.encode()):
        return True
    if not settings.MONITOR_TRUSTS_LOOPBACK or is_forwarded:
        return False
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        # A Unix socket has no address: only programs of this machine connect to it, yet a proxy is one of them.
        return False


def answer_probe(*, path: str, query: str, is_trusted: bool, with_gauges: bool = True) -> ProbeAnswer:
    """Answer one of ``PATHS``; ``query`` is the request's query string.

    ``/healthz``: 200 while the process answers at all. ``/readyz``: 200 if every check passes, else 503;
    ``exclude=<check>`` leaves one out and may be repeated; only those who are trusted see the checks. ``/metrics``:
    Prometheus' text format for those who are trusted, else 404; ``with_gauges`` includes the market's gauges.
    """
    if path == HEALTH:
        return _as_json(HTTPStatus.OK, {"status": "alive", "process": settings.PROCESS_NAME})
    if path == READY:
        return _answer_ready(query, is_trusted=is_trusted)
    if path == METRICS and is_trusted:
        return ProbeAnswer(HTTPStatus.OK, CONTENT_TYPE_LATEST, render_metrics(with_gauges=with_gauges))
    return _as_json(HTTPStatus.NOT_FOUND, {"status": "unknown"})


def _answer_ready(query: str, *, is_trusted: bool) -> ProbeAnswer:
    excluded = parse_qs(query).get("exclude", [])
    unknown = sorted(set(excluded) - set(CHECKS))
    if unknown:
        known = ", ".join(CHECKS)
        return _as_json(HTTPStatus.UNPROCESSABLE_ENTITY, {"exclude": f"unknown check; there are {known}"})
    results = READINESS.results(excluded=excluded)
    is_ready = all(result.is_ready for result in results)
    body: dict[str, object] = {
        "status": "ready" if is_ready else "not ready",
        "process": settings.PROCESS_NAME,
    }
    if is_trusted:
        body["checks"] = {result.name: result.lacks or "ok" for result in results}
    return _as_json(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, body)


def _as_json(status: HTTPStatus, body: dict[str, object]) -> ProbeAnswer:
    return ProbeAnswer(status, JSON, json.dumps(body).encode() + b"\n")
