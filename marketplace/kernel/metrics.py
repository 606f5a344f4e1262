"""The register of gauges: numbers that an operator watches, read from the database when they are asked for.

Each application declares its gauges in ``metrics.py``. The application ``observability`` shows them to Prometheus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import connection

PREFIX = "sanpo_"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")

GAUGES: dict[str, Gauge] = {}

Reading = float | int | None | Mapping[tuple[str, ...], float | int]


@dataclass(frozen=True)
class Gauge:
    """A number of the whole market that may rise and fall.

    ``name``: ``<app>_<what>_<unit>`` in snake case, shown with the prefix ``sanpo_``. ``description``: one sentence
    with the unit. ``read``: returns the number, or None while there is none; with ``labels``, a mapping from their
    values, in their order, to numbers. It must cost the same at any length of the market's history, for it runs every
    few seconds under a time limit.
    """

    name: str
    description: str
    read: Callable[[], Reading]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Register the gauge; raises ValueError for a name that is malformed or taken."""
        if not NAME.fullmatch(self.name) or self.name.startswith(PREFIX):
            raise ValueError(f"{self.name} is not of the form <app>_<what>_<unit>")
        if self.name in GAUGES:
            raise ValueError(f"gauge {self.name} is declared twice")
        GAUGES[self.name] = self

    @property
    def metric(self) -> str:
        """The name that Prometheus knows the gauge by."""
        return PREFIX + self.name

    def samples(self) -> dict[tuple[str, ...], float]:
        """Read the gauge: values of the labels → number. Raises whatever ``read`` raises."""
        reading = self.read()
        if reading is None:
            return {}
        if isinstance(reading, Mapping):
            return {values: float(number) for values, number in reading.items()}
        return {(): float(reading)}


def by_number(sql: str) -> Callable[[], Reading]:
    """A reading that is the first column of the only row that ``sql`` selects; None without one."""

    def read() -> Reading:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
        return None if row is None or row[0] is None else float(row[0])

    return read


def by_rows(sql: str) -> Callable[[], Reading]:
    """A reading with labels: each row that ``sql`` selects holds the values of the labels and then the number."""

    def read() -> Reading:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return {tuple(str(value) for value in row[:-1]): float(row[-1]) for row in cursor.fetchall()}

    return read
