"""Spans go to an OTLP collector where one is configured, and name the request that they belong to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from marketplace.kernel.correlation import course
from marketplace.observability.tracing import ENDPOINTS, configure_tracing


@pytest.fixture
def collector(monkeypatch) -> Iterator[list[ExportTraceServiceRequest]]:
    """A collector on loopback that takes OTLP over HTTP; yields what it took."""
    taken: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        yield taken
        server.shutdown()


def test_without_an_endpoint_nothing_is_configured(monkeypatch):
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert configure_tracing() is False


def test_requests_and_jobs_are_spans_once_a_collector_is_configured(client, db, collector):
    with course("job", "trial.unseen"):
        assert not trace.get_current_span().is_recording()
    assert configure_tracing() is True
    client.get("/api/v1/cycles/cyc_1/", HTTP_X_REQUEST_ID="caller-12345678")
    with course("job", "trial.job", job_id="job_1", request_id="caller-12345678"):
        pass
    with pytest.raises(LookupError), course("handling", "trial.handler", event_id="evt_1"):
        raise LookupError("a fault")
    trace.get_tracer_provider().shutdown()
    spans = {
        span.name: (
            {item.key: item.value.string_value or item.value.int_value for item in span.attributes},
            span.status.code,
        )
        for request in collector
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }
    assert spans == {
        "GET /api/v1/cycles/{id}/": (
            {
                "http.request.method": "GET",
                "http.route": "/api/v1/cycles/{id}/",
                "http.response.status_code": 404,
                "sanpo.request_id": "caller-12345678",
            },
            0,
        ),
        "job trial.job": (
            {"sanpo.job": "trial.job", "sanpo.job_id": "job_1", "sanpo.request_id": "caller-12345678"},
            0,
        ),
        "handling trial.handler": ({"sanpo.handling": "trial.handler", "sanpo.event_id": "evt_1"}, 2),
    }
    services = {
        item.value.string_value
        for request in collector
        for resource in request.resource_spans
        for item in resource.resource.attributes
        if item.key == "service.name"
    }
    assert services == {"sanpo-web"}
