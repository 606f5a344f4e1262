"""A program of the seller's with a key and a mandate, as its organisation sets it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts import queries, services
from contracts.models import Mandate, Negotiation
from marketplace.kernel.actors import Actor
from marketplace.participants.models import Application, OrganisationKey
from tests.participants import factories as people
from tests.participants import keys

from .factories import Market

LIMITS: dict[str, Any] = {
    "templates": ["data-provision"],
    "currency": "JPY",
    "price_max_minor": 100_000,
    "total_max_minor": 250_000,
    "total_days": 30,
    "valid_days": 90,
}


@dataclass(frozen=True)
class Desk:
    """A program that signs for an organisation, with the private key that it holds."""

    actor: Actor
    program: Application
    private: keys.Key
    key: OrganisationKey


def desk(market: Market, party: str = "seller") -> Desk:
    """A program of a party with the scope to submit signatures, and a key of the organisation."""
    subject, private = market.organisation(party), keys.ed25519_key()
    program = people.application_of(subject, ["market:read", "contracts:submit"])
    return Desk(
        actor=people.actor_for(subject, program.public_id),
        program=program,
        private=private,
        key=keys.registered(subject, private, actor=getattr(market, party)),
    )


def mandated(market: Market, of: Desk, party: str = "seller", **limits: Any) -> Mandate:
    """A mandate that the party's signatory signed."""
    return services.sign_mandate(
        actor=getattr(market, party),
        **{"program": of.program.public_id, "key": of.key.public_id, **LIMITS, **limits},
    )


def signature(of: Desk, negotiation: Negotiation) -> str:
    """The program's signature of what the market gives it to sign."""
    return keys.sign_detached(of.private, queries.to_sign(of.actor, negotiation)["content"])


def submit(of: Desk, negotiation: Negotiation) -> Negotiation:
    """The program signs."""
    return services.submit_signature(
        actor=of.actor, negotiation=negotiation.public_id, signature=signature(of, negotiation)
    )
