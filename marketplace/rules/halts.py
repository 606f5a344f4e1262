"""Halts for other applications, and the register of what can be halted. Pure and public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from marketplace.kernel.labels import Label

from .states import HaltScope

SUBJECTS: dict[str, Callable[[str], bool]] = {}
"""By scope, a function that says whether a subject exists. Applications register theirs at start-up, in ``facts.py``."""

_WORDS = {
    HaltScope.MARKET: Label("the whole market", "市場全体"),
    HaltScope.SEGMENT: Label("segment {subject}", "分野 {subject} "),
    HaltScope.LISTING: Label("listing {subject}", "出品 {subject} "),
}


@dataclass(frozen=True, slots=True)
class HaltView:
    """A halt in force. ``scope``: ``market``, ``segment`` or ``listing``; ``subject``: None for the market.

    ``reason`` is ``{"ja", "en"}``.
    """

    public_id: str
    scope: str
    subject: str | None
    reason: dict[str, str]
    since: datetime

    @property
    def words(self) -> Label:
        """The scope and subject as text, in both languages."""
        return _WORDS[HaltScope(self.scope)].fill({"subject": self.subject})


def register_subjects(scope: HaltScope, exists: Callable[[str], bool]) -> None:
    """Register the function that says whether a subject of ``scope`` exists; raises ValueError if one is registered."""
    if scope.value in SUBJECTS:
        raise ValueError(f"subjects of {scope.value} are already registered")
    SUBJECTS[scope.value] = exists
