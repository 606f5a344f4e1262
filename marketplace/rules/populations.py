"""Who and what stands under the rules now: the subjects that a new rulebook is tried on. Public.

An application declares ``Population(...)`` in its ``facts.py``, which is imported at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from marketplace.kernel.labels import Label

POPULATIONS: dict[str, Population] = {}


@dataclass(frozen=True)
class Population:
    """The subjects of one decision point that passed it and still stand.

    ``subjects`` gives at most so many of their public identifiers, in a stable order.
    """

    point: str
    label: Label
    subjects: Callable[[int], Iterator[str]]

    def __post_init__(self) -> None:
        """Register it; raises ValueError if the point has one."""
        if self.point in POPULATIONS:
            raise ValueError(f"the population of {self.point} is declared twice")
        POPULATIONS[self.point] = self
