"""What the proposals of a negotiation change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from listings import queries as listings
from listings.rights import changes
from marketplace.kernel import clock

from ..amending.queries import terms_amended
from ..models import Negotiation, Proposal
from ..terms import Terms, parse_terms
from .changed_terms import changed_terms


@dataclass(frozen=True, slots=True)
class Round:
    """A proposal compared with the published offer, of an amendment with the version that it replaces, and with the proposal before (if
    any): ``rights`` and ``changes`` each."""

    number: int
    party: str
    with_offer: dict[str, Any]
    with_last: dict[str, Any] | None


def rounds_of(negotiation: Negotiation) -> list[Round]:
    """Every proposal of a negotiation, first to last, with what it changed."""
    if negotiation.amends is None:
        offered = published_terms(negotiation.listing_version)
    else:
        offered = terms_amended(negotiation, negotiation.amends)
    rounds: list[Round] = []
    last: Terms | None = None
    for proposal in negotiation.proposals.order_by("number"):
        terms = parse_terms(proposal.terms)
        rounds.append(
            Round(
                number=proposal.number,
                party=proposal.party,
                with_offer=_compared(offered, terms),
                with_last=None if last is None else _compared(last, terms),
            )
        )
        last = terms
    return rounds


def changes_of(proposal: Proposal) -> list[dict[str, Any]] | None:
    """What a proposal, shown with its negotiation, changes against the one before it; None for the first."""
    before = next(
        (row for row in proposal.negotiation.proposals.all() if row.number == proposal.number - 1), None
    )
    if before is None:
        return None
    if before.terms == proposal.terms:
        return []
    return changed_terms(parse_terms(before.terms), parse_terms(proposal.terms), clock.market_zone())


def published_terms(listing_version: str) -> Terms:
    """The terms that a version (public identifier) was offered on; raises Missing."""
    return parse_terms(listings.offered_terms(listing_version))


def _compared(before: Terms, after: Terms) -> dict[str, Any]:
    zone = clock.market_zone()
    return {
        "rights": changes(before.rights, after.rights, zone),
        "changes": changed_terms(before, after, zone),
    }
