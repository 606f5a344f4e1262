"""OpenTelemetry: spans leave the process only where ``OTEL_EXPORTER_OTLP_ENDPOINT`` says where to."""

from __future__ import annotations

import os

from django.conf import settings
from opentelemetry import trace

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def configure_tracing() -> bool:
    """Send spans to the configured collector by OTLP over HTTP; returns whether one is configured.

    The variables are those of OpenTelemetry's specification, so sampling, headers and time limits follow it too. The
    exporter's thread starts again in forked children.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return False
    # Loaded only where it is used: it costs a process memory and time at its start.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    names = {
        "service.name": f"sanpo-{settings.PROCESS_NAME}",
        "service.namespace": settings.MARKET_IDENTIFIER,
    }
    provider = TracerProvider(resource=Resource.create(names))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True
