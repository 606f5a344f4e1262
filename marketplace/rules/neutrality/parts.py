"""One part of a bundle: its public rows and what opens them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .sealing import Seal

ROWS_MAX = 200_000
"""Rows of one part of a bundle; a period with more is asked for in shorter ones."""


class Withheld(StrEnum):
    """Why only the auditor can read a row."""

    NAMES_A_PARTY = "names_a_party"
    FEW_PARTIES = "few_parties"
    NOT_PSEUDONYMOUS = "not_pseudonymous"


class PartTooLarge(Exception):
    """A part has more than ``ROWS_MAX`` rows."""


@dataclass(slots=True)
class Part:
    """A part called ``name``: its public ``rows``, and for the auditor what opens them."""

    name: str
    seal: Seal
    rows: list[dict[str, Any]] = field(default_factory=list)
    openings: list[dict[str, Any]] = field(default_factory=list)
    withheld: Counter[str] = field(default_factory=Counter)

    def add(
        self, identifier: str, row: Mapping[str, Any], content: Mapping[str, Any], why: Withheld | None = None
    ) -> None:
        """Add a row about what ``identifier`` names; only its commitment if it is withheld. Raises PartTooLarge."""
        if len(self.rows) >= ROWS_MAX:
            raise PartTooLarge(self.name)
        item = self.seal.item(self.name, identifier)
        stated = {"id": identifier, **content}
        committed = self.seal.commit(stated, self.name, item)
        shown = {"withheld": why.value} if why else dict(row)
        self.rows.append({"item": item, **shown, "content": committed})
        self.openings.append(
            {"part": self.name, "item": item, "salt": self.seal.salt_of(self.name, item), "content": stated}
        )
        if why:
            self.withheld[why.value] += 1

    def sort(self) -> None:
        """Order the rows by their names in the bundle, so that their places tell nothing."""
        self.rows.sort(key=lambda row: row["item"])
        self.openings.sort(key=lambda row: row["item"])
