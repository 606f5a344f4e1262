"""The keys with which an organisation signs by itself: how it proves, registers, replaces and revokes them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from marketplace.events.schemas.keys import OrganisationKeyChanged
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.evidence.signatures import SignatureInvalid
from marketplace.evidence.signatures import sign as sign_for_market
from marketplace.evidence.signatures import verify as verify_of_market
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..bounds import KEY_CHALLENGE_VALID, KEYS_LIVE_MAX
from ..key_errors import KeyRevoked, KeyTaken, TooManyKeys
from ..models import Organisation, OrganisationKey
from ..people_fields import required_text
from ..signing_keys import PublicKey, detached_faults, public_key_of
from ..states import KeyRevocation
from ..uniqueness import translate_duplicates

CHALLENGE_TYPE = "sanpo.key_challenge.v1"


def challenge_key(*, actor: Actor, jwk: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed with a key to prove that its organisation holds it: ``challenge``, ``kid`` and ``expires_at``.

    The challenge is signed by the market for this organisation and key, and good for ``KEY_CHALLENGE_VALID``; it
    is used up with the key, which is registered once. Raises FieldInvalid, KeyTaken, PermissionNeeded, ProofNeeded, Forbidden.
    """
    _require_manager(actor)
    key = public_key_of(jwk)
    _require_new(key)
    expires_at = clock.real_now() + KEY_CHALLENGE_VALID
    claims = {
        "type": CHALLENGE_TYPE,
        "market": settings.MARKET_IDENTIFIER,
        "organisation": actor.organisation,
        "kid": key.kid,
        "nonce": secrets.token_urlsafe(16),
        "expires_at": expires_at.isoformat(),
    }
    return {"challenge": sign_for_market(claims), "kid": key.kid, "expires_at": expires_at}


def register_key(
    *,
    actor: Actor,
    jwk: Mapping[str, Any],
    label: str,
    challenge: str,
    proof: str,
    replaces: str | None = None,
) -> OrganisationKey:
    """Register a key of the actor's organisation, which signs from now on; ``proof`` is its signature of the challenge.

    ``replaces``: the key that it replaces, which is revoked at the same moment. Raises FieldInvalid, KeyTaken, KeyRevoked,
    TooManyKeys, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    _require_manager(actor)
    key, stated = public_key_of(jwk), required_text("label", label)
    _require_proved(actor, key, challenge, proof)
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update(no_key=True).get(
            pk=actor.require_organisation()
        )
        before = _locked_own(actor, replaces) if replaces else None
        if before is not None:
            _revoke(before, actor, KeyRevocation.ROTATED)
        live = OrganisationKey.objects.filter(organisation=organisation, revoked_at=None).count()
        if live >= KEYS_LIVE_MAX:
            raise TooManyKeys(count=live)
        row = _create(
            key,
            organisation=organisation,
            label=stated,
            replaces=before,
            challenge=challenge,
            proof=proof,
            registered_by=actor.identifier,
        )
        _record(row, actor, "registered", replaces=before.public_id if before else None)
    return row


@transaction.atomic
def revoke_key(*, actor: Actor, key: str, reason: str) -> OrganisationKey:
    """Revoke a key of the actor's organisation at once and for ever; what was signed with it before stays valid.

    Raises KeyRevoked, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    _require_manager(actor)
    if reason not in KeyRevocation.values:
        known = ", ".join(KeyRevocation.values)
        raise FieldInvalid("reason", Label(f"specify one of {known}", f"{known} から選んでください"))
    row = _locked_own(actor, key)
    _revoke(row, actor, KeyRevocation(reason))
    return row


def _require_manager(actor: Actor) -> None:
    actor.require(Permission.KEYS_WRITE)
    actor.require_person()
    actor.require_organisation()


def _require_new(key: PublicKey) -> None:
    """Raise KeyTaken if anybody has registered the key."""
    if OrganisationKey.objects.filter(kid=key.kid).exists():
        raise KeyTaken(kid=key.kid)


def _require_proved(actor: Actor, key: PublicKey, challenge: str, proof: str) -> None:
    """Raise FieldInvalid unless the market made the challenge for this organisation and key lately, and the key signed it."""
    try:
        claims = verify_of_market(challenge)
    except SignatureInvalid:
        claims = {}
    expected = {
        "type": CHALLENGE_TYPE,
        "market": settings.MARKET_IDENTIFIER,
        "organisation": actor.organisation,
        "kid": key.kid,
    }
    if (
        not expected.items() <= claims.items()
        or datetime.fromisoformat(claims["expires_at"]) < clock.real_now()
    ):
        raise FieldInvalid(
            "challenge",
            Label(
                "it is not a challenge for your organisation and this key, or it has expired; ask for another one",
                "この組織と鍵に対するチャレンジではないか、期限切れです。改めて取得してください",
            ),
        )
    faults = detached_faults(proof, challenge.encode(), key.jwk)
    if faults:
        raise FieldInvalid("proof", Label(faults[0], "チャレンジに対する署名を検証できません"))


def _create(key: PublicKey, **facts: Any) -> OrganisationKey:
    """The new row; the database decides whether the key is new."""
    with translate_duplicates({"organisationkey_kid_once": KeyTaken(kid=key.kid)}):
        return OrganisationKey.objects.create(
            kid=key.kid, public_jwk=key.jwk, valid_from=clock.now(), **facts
        )


def _locked_own(actor: Actor, public_id: str) -> OrganisationKey:
    """A live key of the actor's own organisation, locked; raises Missing, KeyRevoked."""
    rows = OrganisationKey.objects.select_for_update(of=("self",)).select_related("organisation")
    row = rows.filter(public_id=public_id, organisation_id=actor.require_organisation()).first()
    if row is None:
        raise Missing(kind="key", identifier=public_id)
    if row.revoked_at is not None:
        raise KeyRevoked(key=public_id)
    return row


def _revoke(row: OrganisationKey, actor: Actor, reason: KeyRevocation) -> None:
    row.revoked_at, row.revoked_by, row.revoked_why = clock.now(), actor.identifier, reason.value
    row.save(update_fields=["revoked_at", "revoked_by", "revoked_why"])
    _record(row, actor, "revoked", reason=reason.value)


def _record(row: OrganisationKey, actor: Actor, change: str, **payload: Any) -> None:
    """Record what became of a key, and tell it."""
    record(
        kind=f"participants.key_{change}",
        subject=row.organisation.public_id,
        actor=actor,
        payload={
            "key": row.public_id,
            "kid": row.kid,
            "proof_sha256": sha256_hex(row.proof.encode()),
            **payload,
        },
    )
    emit(
        OrganisationKeyChanged(
            organisation=row.organisation.public_id,
            key=row.public_id,
            kid=row.kid,
            change=change,
            by=actor.identifier,
        )
    )
