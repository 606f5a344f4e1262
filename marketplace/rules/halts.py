"""Trading halts as other applications read them, and how their subjects are found. Pure and public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from marketplace.kernel.labels import Label

from .states import HaltScope

SUBJECTS: dict[str, Callable[[str], bool]] = {}
"""Whether there is a subject of that name, by scope. Applications enter theirs at start-up, in ``facts.py``."""

_WORDS = {
    HaltScope.MARKET: Label("the whole market", "市場全体"),
    HaltScope.SEGMENT: Label("segment {subject}", "分野 {subject} "),
    HaltScope.LISTING: Label("listing {subject}", "出品 {subject} "),
}


@dataclass(frozen=True, slots=True)
class HaltView:
    """A live halt: its scope (``market``, ``segment``, ``listing``), of what (null for the market), why, since when.

    ``reason`` is ``{"ja", "en"}``.
    """

    public_id: str
    scope: str
    subject: str | None
    reason: dict[str, str]
    since: datetime

    @property
    def words(self) -> Label:
        """Of what trading is halted, in both languages."""
        return _WORDS[HaltScope(self.scope)].fill({"subject": self.subject})


def know_subjects(scope: HaltScope, exists: Callable[[str], bool]) -> None:
    """Enter how it is found out whether a subject of ``scope`` exists; raises ValueError if that is known."""
    if scope.value in SUBJECTS:
        raise ValueError(f"subjects of {scope.value} are known already")
    SUBJECTS[scope.value] = exists
