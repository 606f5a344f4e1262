"""What one participant has, and what it owes the market."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.participants.queries import OrganisationView

from ..states import AccountKind
from .ledger import balances


@dataclass(frozen=True, slots=True)
class Funds:
    """A participant's money in one currency, in minor units; ``claim_minor`` is what the reserve lent it."""

    organisation: str
    currency: str
    available_minor: int
    deposit_minor: int
    claim_minor: int


def funds_of(owner: OrganisationView, currency: str) -> Funds:
    """What a participant has at this moment."""
    found = balances(owner.id).get(currency, {})
    return Funds(
        organisation=owner.public_id,
        currency=currency,
        available_minor=found.get(AccountKind.AVAILABLE, 0),
        deposit_minor=found.get(AccountKind.DEPOSIT, 0),
        claim_minor=found.get(AccountKind.CLAIM, 0),
    )
