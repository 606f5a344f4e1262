"""What is asked of an offer when it is published beside its own terms. Applications above register their checks.

Public: an application declares ``OfferCheck(...)`` in its ``offer_checks.py``, which is imported at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

CHECKS: Final[dict[str, OfferCheck]] = {}


@dataclass(frozen=True, slots=True)
class PublishedOffer:
    """An offer that is about to be published in a ``segment`` (code): the code of its contract template, and its terms by name as
    ``queries.offered_terms`` gives them."""

    segment: str
    template: str
    terms: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OfferCheck:
    """A check of an offer in its segment. ``require`` raises FieldInvalid, which names the field as ``offer.<name>``."""

    name: str
    require: Callable[[PublishedOffer], None]

    def __post_init__(self) -> None:
        """Registers itself."""
        CHECKS[self.name] = self


def require_checked(offer: PublishedOffer) -> None:
    """Ask every registered check; raises FieldInvalid."""
    for check in CHECKS.values():
        check.require(offer)
