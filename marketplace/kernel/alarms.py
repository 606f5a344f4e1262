"""The register of alarms: gauges that pass a threshold, and what the operator does then.

Each application declares its alarms beside its gauges, in ``metrics.py``. The application ``observability`` raises and
ends them; Prometheus' rules are made from the same register.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .labels import Label
from .metrics import Gauge

CODE = re.compile(r"[a-z][a-z_]*")

ALARMS: dict[str, Alarm] = {}


@dataclass(frozen=True)
class Alarm:
    """A gauge that must not stay ``above`` a number.

    ``code``: snake case. ``title``: what is the matter. ``action``: what the operator does. Of a gauge with labels, the
    highest number counts. ``opens_task``: whether a task of the operator is opened with it; False where something else
    opens one for each case.
    """

    code: str
    gauge: Gauge
    above: float
    title: Label
    action: Label
    opens_task: bool = True

    def __post_init__(self) -> None:
        """Register the alarm; raises ValueError for a code that is malformed or taken."""
        if not CODE.fullmatch(self.code):
            raise ValueError(f"{self.code} is not in snake case")
        if self.code in ALARMS:
            raise ValueError(f"alarm {self.code} is declared twice")
        ALARMS[self.code] = self

    def worst(self, samples: dict[tuple[str, ...], float]) -> float:
        """The number that counts: the highest of the gauge's samples, 0 without one."""
        return max(samples.values(), default=0.0)

    def is_true_of(self, number: float) -> bool:
        """Whether the alarm is to be raised at this number."""
        return number > self.above
