"""What attests a party's signature: the market as a witness, or the party's own key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.evidence.signatures import sign as sign_for_market
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.key_queries import SigningKey, lock_live_key
from marketplace.participants.signing_keys import KID_LENGTH, kid_of

from .. import signed_object
from ..errors import KeyNotLive, SignatureLevelUnmet, SignatureRefused
from ..models import Mandate, Negotiation
from ..signed_object import Subject
from ..states import SignatureMethod
from .mandates import mandate_for
from .moves import identifier_of


@dataclass(frozen=True, slots=True)
class Attestation:
    """A signature and how it was made: ``key`` is the party's own, or None where the market signed; ``mandate`` is that
    within which a program submitted it."""

    method: SignatureMethod
    jws: str
    key: SigningKey | None
    mandate: Mandate | None
    signed_at: datetime


def attest(actor: Actor, negotiation: Negotiation, subject: Subject, given: str | None) -> Attestation:
    """The attestation of a party's signature: what the party gave, verified, or else the market's own for a person.

    Raises SignatureLevelUnmet where the terms demand another method, KeyNotLive, SignatureRefused, MandateNeeded, OutsideMandate.
    """
    method = SignatureMethod.MARKET_SIDE if given is None else SignatureMethod.OWN_KEY
    if method not in subject.methods:
        raise SignatureLevelUnmet(negotiation=negotiation.public_id)
    if given is None:
        return _by_market(actor, negotiation, subject)
    kid = kid_of(given)
    key = lock_live_key(kid, actor.require_organisation())
    if key is None:
        raise KeyNotLive(kid=kid[:KID_LENGTH])
    expected = signed_object.own_claims(
        agreement=negotiation.contract_identifier,
        signed_hash=subject.signed_hash,
        party=subject.party.value,
        organisation=identifier_of(negotiation, subject.party),
    )
    faults = signed_object.own_signature_faults(given, expected, key.jwk)
    if faults:
        raise SignatureRefused(negotiation=negotiation.public_id, fault=faults[0])
    mandate = None if actor.is_person else mandate_for(actor, negotiation, subject, key)
    return Attestation(SignatureMethod.OWN_KEY, given, key, mandate, clock.now())


def _by_market(actor: Actor, negotiation: Negotiation, subject: Subject) -> Attestation:
    """The market's signature as a witness, which names the person on whose instruction it signs."""
    signed_at = clock.now()
    claims = signed_object.claims(
        agreement=negotiation.contract_identifier,
        signed_hash=subject.signed_hash,
        party=subject.party.value,
        organisation=identifier_of(negotiation, subject.party),
        signer=actor.identifier,
        signed_at=signed_at,
    )
    return Attestation(SignatureMethod.MARKET_SIDE, sign_for_market(claims), None, None, signed_at)
