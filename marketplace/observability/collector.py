"""Reads the gauges of every application for Prometheus, bounded in time, so that one that fails hides no other."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator

from django.db import connection, transaction
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from marketplace.kernel.metrics import GAUGES, PREFIX, Gauge

logger = logging.getLogger(__name__)

GAUGE_MILLISECONDS_MAX = 1000
COLLECTION_SECONDS_MAX = 5.0
CACHED_SECONDS = 5.0
FAILED = f"{PREFIX}gauge_failed"
FAILED_DESCRIPTION = "1 for each gauge that could not be read at the last collection."
# The end of the transaction gives the limit back, so a pooled connection carries it no further.
LIMIT_STATEMENT = f"SELECT set_config('statement_timeout', '{GAUGE_MILLISECONDS_MAX}ms', true)"


class GaugeCollector(Collector):
    """Every registered gauge as Prometheus' metrics, at most ``CACHED_SECONDS`` old."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._lock = threading.Lock()
        self._families: list[Metric] = []
        self._read_at = float("-inf")

    def collect(self) -> Iterator[Metric]:
        """All gauges, and which of them could not be read; one caller at a time reads them."""
        with self._lock:
            if time.monotonic() - self._read_at > CACHED_SECONDS:
                self._families = read_gauges(list(GAUGES.values()))
                self._read_at = time.monotonic()
            yield from self._families


def read_gauges(gauges: list[Gauge]) -> list[Metric]:
    """Read ``gauges``, each in a transaction of its own with a limit on its statements.

    After ``COLLECTION_SECONDS_MAX`` the rest counts as failed.
    """
    began = time.monotonic()
    families: list[Metric] = []
    failed = GaugeMetricFamily(FAILED, FAILED_DESCRIPTION, labels=["gauge"])
    for gauge in gauges:
        samples = None
        if time.monotonic() - began < COLLECTION_SECONDS_MAX:
            samples = read_samples(gauge)
        failed.add_metric([gauge.metric], 0.0 if samples is not None else 1.0)
        if samples is None:
            continue
        family = GaugeMetricFamily(gauge.metric, gauge.description, labels=gauge.labels)
        for values, number in samples.items():
            family.add_metric(values, number)
        families.append(family)
    return [*families, failed]


def read_samples(gauge: Gauge) -> dict[tuple[str, ...], float] | None:
    """The gauge's samples, or None if it cannot be read, which is logged."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(LIMIT_STATEMENT)
            return gauge.samples()
    except Exception as error:  # a gauge may raise anything; it must not hide the others, nor the alarms
        logger.warning("gauge %s could not be read: %s: %s", gauge.name, type(error).__name__, error)
        return None


MARKET_GAUGES = GaugeCollector()


def render_metrics(*, with_gauges: bool) -> bytes:
    """The counters of this process and its siblings and, ``with_gauges``, the market's, in Prometheus' text format."""
    text = generate_latest(_counters())
    if with_gauges:
        gauges = CollectorRegistry()
        gauges.register(MARKET_GAUGES)
        text += generate_latest(gauges)
    return text


def _counters() -> CollectorRegistry:
    """The counters of all processes that share the folder PROMETHEUS_MULTIPROC_DIR; of this one without it."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
