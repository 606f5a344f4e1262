"""What law asks of an offer that is published: no term of it is unlawful by the rulebook in force."""

from __future__ import annotations

from listings.offer_checks import OfferCheck, PublishedOffer

from ..terms import parse_terms
from .in_force import law_of
from .terms import require_lawful_terms


def _require_lawful(offer: PublishedOffer) -> None:
    """Raises FieldInvalid, which names the term as ``offer.<term>``."""
    require_lawful_terms(parse_terms(offer.terms).as_dict(), law_of(offer.segment), prefix="offer")


OfferCheck("contracts.law", _require_lawful)
