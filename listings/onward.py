"""Whether a seller may pass on what it lists, as the application that delivered it to the seller tells.

Public: such an application declares ``OnwardTransfer(...)`` in its ``onward.py``, which is imported at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

_TOLD: list[OnwardTransfer] = []


@dataclass(frozen=True, slots=True)
class OnwardTransfer:
    """``barred_by`` returns the agreement (public identifier) whose rights prohibit that an organisation (database key) passes on files
    with these SHA-256 hashes, or data with such a source; None if there is none."""

    barred_by: Callable[[int, Collection[str], str], str | None]

    def __post_init__(self) -> None:
        """Register it."""
        _TOLD.append(self)


def barred_by(seller_id: int, hashes: Collection[str], source: str) -> str | None:
    """The agreement that prohibits the seller (database key) to list such files or such a source; None if it may."""
    found = (each.barred_by(seller_id, hashes, source) for each in _TOLD)
    return next((agreement for agreement in found if agreement is not None), None)
