"""Gauges of the bank side of clearing."""

from __future__ import annotations

from marketplace.kernel.metrics import Gauge

from ..settlement.restorations import paying_currencies, shut_currencies


def count_shut_currencies() -> int:
    """How many currencies with a client account no payment is sent in, since a restoration."""
    return len(shut_currencies(paying_currencies()))


Gauge(
    name="clearing_sending_shut_currencies",
    description="Currencies in which no payment is sent, because the database was restored and sending is not open again.",
    read=count_shut_currencies,
)
