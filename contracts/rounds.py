"""How the proposals of a negotiation change the rights of use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from listings import queries as listings
from listings.rights import changes
from marketplace.kernel import clock

from .models import Negotiation
from .terms import parse_terms


@dataclass(frozen=True, slots=True)
class Round:
    """A proposal: how its rights compare with those of the published offer, and with the proposal before (if any)."""

    number: int
    party: str
    with_offer: dict[str, Any]
    with_last: dict[str, Any] | None


def rounds_of(negotiation: Negotiation) -> list[Round]:
    """Every proposal of a negotiation, first to last, with what it changed."""
    zone = clock.market_zone()
    offered = listings.offered_rights(negotiation.listing_version)
    rounds: list[Round] = []
    last = None
    for proposal in negotiation.proposals.order_by("number"):
        rights = parse_terms(proposal.terms).rights
        rounds.append(
            Round(
                number=proposal.number,
                party=proposal.party,
                with_offer=changes(offered, rights, zone),
                with_last=None if last is None else changes(last, rights, zone),
            )
        )
        last = rights
    return rounds
