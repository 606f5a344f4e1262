"""The market's signing key (Ed25519) from the settings, and the published history of the keys that it has had.

The private key stands in the settings alone; the table has the public parts. The first key enters the history when the
first checkpoint is signed, later ones by ``rotation``.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from joserfc.jwk import OKPKey

from .errors import KeyNotInForce
from .models import MarketKey
from .verifier_keys import ED25519, key_id, verifier_key

SIGNING_ALLOWED_SECONDS = 60.0
SIGNING_ALLOWED_UNTIL: dict[bytes, float] = {}
"""Until when (monotonic clock) this process signs by a key without asking again, by its public part."""


@cache
def market_key() -> OKPKey:
    """The market's private key: ``MARKET_SIGNING_KEY`` (a JWK), else ``SIGNING_KEY_FILE``, created if missing."""
    if settings.MARKET_SIGNING_KEY:
        return OKPKey.import_key(json.loads(settings.MARKET_SIGNING_KEY))
    path = Path(settings.SIGNING_KEY_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        create_key_file(path)
    return OKPKey.import_key(json.loads(path.read_text()))


def create_key_file(path: Path) -> None:
    """Write a new key such that processes that start at the same time all read the same one."""
    key = OKPKey.generate_key("Ed25519", {"use": "sig"}, private=True, auto_kid=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(key.as_dict(private=True)))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def private_part(key: OKPKey) -> Ed25519PrivateKey:
    """The private key of a JWK; raises TypeError if it has none, or is of another kind."""
    private = key.private_key
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("the market's signing key is not a private Ed25519 key")
    return private


def public_bytes(key: OKPKey) -> bytes:
    """The 32 bytes of the public part."""
    public = key.public_key
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError("the market's signing key is not an Ed25519 key")
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def kid_of(key: OKPKey) -> str:
    """The identifier of a key in JWS: the one that it has, else its thumbprint (RFC 7638)."""
    return key.kid or key.thumbprint()


def new_row(key: OKPKey, **columns: Any) -> MarketKey:
    """The row of a key's public part, not saved."""
    public = public_bytes(key)
    name = settings.EVIDENCE_ORIGIN
    return MarketKey(
        kid=kid_of(key),
        name=name,
        key_id=key_id(name, ED25519, public).hex(),
        public_key=public,
        **columns,
    )


def key_in_force() -> MarketKey:
    """The row of the key in force; the first key of the market enters the history by this.

    Raises KeyNotInForce if the settings have another key: a new one enters the history by ``rotation``.
    """
    history = MarketKey.objects.filter(name=settings.EVIDENCE_ORIGIN)
    row = history.filter(until=None).first()
    if row is None and not history.exists():
        # Several processes may sign their first checkpoint at once.
        MarketKey.objects.bulk_create([new_row(market_key())], ignore_conflicts=True)
        row = history.filter(until=None).first()
    if row is None or bytes(row.public_key) != public_bytes(market_key()):
        raise KeyNotInForce(key=kid_of(market_key()))
    return row


def signing_key() -> OKPKey:
    """The market's private key to sign statements and agreements with.

    Raises KeyNotInForce where the history has other keys only, because two people announced none, or where the key was replaced
    in an emergency. What it found holds for SIGNING_ALLOWED_SECONDS in this process.
    """
    key = market_key()
    public = public_bytes(key)
    if SIGNING_ALLOWED_UNTIL.get(public, 0.0) > monotonic():
        return key
    rows = MarketKey.objects.filter(name=settings.EVIDENCE_ORIGIN).order_by("since", "id")
    history = list(rows.values_list("public_key", "announcement__is_emergency"))
    following = history
    while following and bytes(following[0][0]) != public:
        following = following[1:]
    if history and (not following or any(is_emergency for _, is_emergency in following[1:])):
        raise KeyNotInForce(key=kid_of(key))
    SIGNING_ALLOWED_UNTIL[public] = monotonic() + SIGNING_ALLOWED_SECONDS
    return key


def market_keys() -> list[MarketKey]:
    """The history of the market's keys, oldest first."""
    return list(MarketKey.objects.select_related("announcement").order_by("since", "id"))


def public_jwk(row: MarketKey) -> dict[str, Any]:
    """A key of the history as a JWK, with what a reader of notes needs; ``until`` is null while it is in force.

    ``since`` is null before the first checkpoint. ``announced_at`` is when two people of the operator announced it, null for the
    first key; ``is_emergency`` whether it replaced a key that was lost or disclosed, which handed nothing over.
    """
    public, announced = bytes(row.public_key), row.announcement
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": base64.urlsafe_b64encode(public).rstrip(b"=").decode(),
        "kid": row.kid,
        "use": "sig",
        "since": row.since.isoformat() if row.since else None,
        "until": row.until.isoformat() if row.until else None,
        "handover": row.handover,
        "announced_at": announced.announced_at.isoformat() if announced else None,
        "is_emergency": bool(announced and announced.is_emergency),
        "verifier_key": verifier_key(row.name, ED25519, public),
    }


def public_keys() -> dict[str, Any]:
    """The JWK Set of all keys that the market signs and has signed with, the one in force last."""
    return {"keys": [public_jwk(row) for row in _with_current(market_keys())]}


def _with_current(rows: Iterable[MarketKey]) -> list[MarketKey]:
    """The history; before the first checkpoint, the key that will begin it."""
    return list(rows) or [new_row(market_key(), since=None)]
