"""Announcing the market's next signing key: two people of the operator, before it signs anything."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from joserfc.jwk import OKPKey

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.parameters import parameter
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import stated_text

from .announcement_models import REASON_LENGTH_MAX, KeyAnnouncement
from .keys import key_in_force, market_key
from .models import MarketKey
from .rotation import handover_of
from .services import record
from .signatures import sign_bytes
from .verifier_keys import ED25519, VerifierKey, key_id, read_verifier_key

NOTICE_HOURS_MIN: Final = 24
"""A new key is announced at least so long before it signs, whatever notice the rulebook asks for versions of itself."""
UNREADABLE = Label(
    "give the log's next verifier key: its name+key identifier+base64 of the byte 0x01 and the Ed25519 key",
    "ログの次の検証鍵（名称+鍵識別子+base64（バイト 0x01 と Ed25519 鍵））を指定してください",
)
USED = Label(
    "this key has signed or was announced before: make a new one",
    "この鍵は既に署名に使用されたか、公表済みです。新しい鍵を作成してください",
)


def next_key_of(verifier_key: str) -> VerifierKey:
    """The key that may be announced; raises FieldInvalid for ``verifier_key``."""
    key = read_verifier_key(verifier_key)
    if key is None or (key.name, key.algorithm) != (settings.EVIDENCE_ORIGIN, ED25519):
        raise FieldInvalid("verifier_key", UNREADABLE)
    is_known = MarketKey.objects.filter(public_key=key.public).exists()
    if is_known or KeyAnnouncement.objects.filter(public_key=key.public).exists():
        raise FieldInvalid("verifier_key", USED)
    return key


def announced_reason(reason: str) -> str:
    """The reason without spaces around it; raises FieldInvalid for ``reason``."""
    return stated_text("reason", reason, REASON_LENGTH_MAX)


def thumbprint_of(public: bytes) -> str:
    """The identifier in JWS of a key that is known by its bytes alone (RFC 7638)."""
    x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return str(OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x}).thumbprint())


@transaction.atomic
def announce_key(
    *, actor: Actor, verifier_key: str, reason: str, is_emergency: bool, first_person: str
) -> KeyAnnouncement:
    """Announce the next key as the second of two people of the operator (``clearing.approvals.market_keys``).

    The key in force signs the handover; the new one may sign after the notice. As an emergency nothing is signed and no notice
    is kept. Records ``evidence.key_announced``. Raises FieldInvalid, KeyNotInForce, PermissionNeeded, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    actor.require_second_to(first_person)
    key, now = next_key_of(verifier_key), clock.now()
    # Whoever announces another at the same time waits for this one; the later of both counts.
    before = MarketKey.objects.select_for_update().filter(name=key.name, until=None).first()
    row = KeyAnnouncement(
        name=key.name,
        kid=thumbprint_of(key.public),
        key_id=key_id(*key).hex(),
        public_key=key.public,
        is_emergency=is_emergency,
        reason=announced_reason(reason),
        first_person=first_person,
        announced_by=actor.identifier,
        announced_at=now,
        effective_from=now,
    )
    if not is_emergency:
        before = key_in_force()
        row.handover = sign_bytes(market_key(), handover_of(row))
        row.effective_from = now + timedelta(hours=max(NOTICE_HOURS_MIN, parameter("rulebook_notice_hours")))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if KeyAnnouncement.objects.filter(public_key=key.public).exists():
            raise FieldInvalid("verifier_key", USED) from error
        raise
    record(
        kind="evidence.key_announced",
        subject=row.public_id,
        actor=actor,
        payload={
            "kid": row.kid,
            "key_id": row.key_id,
            "before": before.kid if before else "",
            "is_emergency": is_emergency,
            "effective_from": row.effective_from.isoformat(),
            "first_person": first_person,
            "reason_commitment": commitment_to(row.salt, row.reason),
        },
    )
    return row
