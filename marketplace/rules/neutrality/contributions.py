"""What applications above contribute to a bundle: fees, order of processing, ranking, and measures by participant.

Public: an application declares its contributions in its ``neutrality.py``, which is imported at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from marketplace.kernel.labels import Label

from .periods import Period


@dataclass(frozen=True, slots=True)
class ChargedFee:
    """The fee of one trade. ``item`` is its public identifier, ``seller`` and ``buyer`` those of its parties."""

    item: str
    rulebook: str
    concluded_on: str
    segment: str
    price_minor: int
    currency: str
    tariff: str
    fee_minor: int
    seller: str
    buyer: str


@dataclass(frozen=True, slots=True)
class VolumeRebate:
    """What one payer got back in a cycle for its volume under one tariff; ``rulebooks`` state it on the same terms."""

    cycle: str
    payer: str
    rulebook: str
    tariff: str
    volume_minor: int
    charged_minor: int
    rebate_minor: int


@dataclass(frozen=True, slots=True)
class Processed:
    """Something that waited its turn in a published queue: when it was received, when processed, and whose it was."""

    queue: str
    item: str
    received_at: str
    processed_at: str
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted by class of participant: ``read`` gives the organisation of each event of a period."""

    name: str
    label: Label
    read: Callable[[Period], Iterable[str]]

    def __post_init__(self) -> None:
        """Register the measure; raises ValueError for a name that is taken."""
        if self.name in MEASURES:
            raise ValueError(f"the measure {self.name} is declared twice")
        MEASURES[self.name] = self


MEASURES: dict[str, Measure] = {}
FEES: list[Callable[[Period], Iterable[ChargedFee]]] = []
REBATES: list[Callable[[Period], Iterable[VolumeRebate]]] = []
ORDER: list[Callable[[Period], Iterable[Processed]]] = []
RANKING: list[Callable[[Period], Iterable[dict[str, Any]]]] = []
FIGURES: dict[str, Callable[[Period], Any]] = {}
"""Further figures of a bundle by name, as JSON; none of them is from fewer than ``suppression.PARTIES_MIN`` parties."""
SIZES: list[Callable[[Period], dict[str, int]]] = []
"""The number of trades of each organisation in a period, by which participants are small or large."""
