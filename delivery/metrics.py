"""Gauges of delivery."""

from __future__ import annotations

from marketplace.kernel.metrics import Gauge, by_number

Gauge(
    name="delivery_running_downloads",
    description="Downloads that are being sent.",
    read=by_number("SELECT count(*) FROM delivery_download WHERE state = 'sending'"),
)
