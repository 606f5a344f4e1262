"""Gauges of delivery."""

from marketplace.kernel.metrics import Gauge

from .queries import running_count

Gauge(
    name="delivery_downloads_running",
    description="Downloads that are being sent now, in all downloads processes.",
    read=running_count,
)
