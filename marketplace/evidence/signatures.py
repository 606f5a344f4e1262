"""Compact JWS signed and verified with the market's keys (RFC 7515, RFC 9864)."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from marketplace.kernel.canonical import canonical_json

from .errors import KeyUnknown, SignatureInvalid
from .keys import kid_of, market_key, public_jwk, public_keys, signing_key
from .models import MarketKey

__all__ = ["ALGORITHM", "KeyUnknown", "SignatureInvalid", "public_keys", "sign", "sign_bytes", "verify"]

ALGORITHM = "Ed25519"


def sign(payload: dict[str, Any]) -> str:
    """A compact JWS over the canonical JSON of ``payload``, by the market's key. Raises KeyNotInForce, as ``signing_key`` says."""
    return sign_bytes(signing_key(), canonical_json(payload))


def sign_bytes(key: OKPKey, content: bytes) -> str:
    """A compact JWS over ``content``."""
    return jws.serialize_compact({"alg": ALGORITHM, "kid": kid_of(key)}, content, key, algorithms=[ALGORITHM])


def verify(signature: str) -> dict[str, Any]:
    """The payload that the market signed, with the key that it has now or an earlier one of its history.

    Raises SignatureInvalid; KeyUnknown, which is one, if the market has never had the key that the signature names.
    """
    try:
        named = jws.extract_compact(signature.encode()).headers().get("kid")
        key = market_key() if named in (None, kid_of(market_key())) else _key_of_history(str(named))
        verified = jws.deserialize_compact(signature, key, algorithms=[ALGORITHM])
        payload = json.loads(verified.payload)
    except (JoseError, ValueError) as error:
        raise SignatureInvalid() from error
    if not isinstance(payload, dict):
        raise SignatureInvalid()
    return payload


def _key_of_history(kid: str) -> OKPKey:
    row = MarketKey.objects.filter(kid=kid[:64]).first()
    if row is None:
        raise KeyUnknown(key=kid[:64])
    jwk = public_jwk(row)
    return OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "kid")})
