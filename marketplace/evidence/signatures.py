"""The market's signing key (Ed25519), and compact JWS signed and verified with it (RFC 7515, RFC 9864)."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from marketplace.kernel.canonical import canonical_json
from marketplace.kernel.errors import DomainError
from marketplace.kernel.labels import Label

ALGORITHM = "Ed25519"


class SignatureInvalid(DomainError):
    """A signature is not valid under the market's key."""

    code = "signature_invalid"
    detail = Label(
        "The signature is not valid under the market's key.", "市場の鍵による署名の検証に失敗しました。"
    )


@cache
def market_key() -> OKPKey:
    """The market's private key: ``MARKET_SIGNING_KEY`` (a JWK), else ``SIGNING_KEY_FILE``, created if missing."""
    if settings.MARKET_SIGNING_KEY:
        return OKPKey.import_key(json.loads(settings.MARKET_SIGNING_KEY))
    path = Path(settings.SIGNING_KEY_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create_key_file(path)
    return OKPKey.import_key(json.loads(path.read_text()))


def _create_key_file(path: Path) -> None:
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


def public_keys() -> dict[str, Any]:
    """The JWK Set for verifying the market's signatures."""
    return {"keys": [market_key().as_dict(private=False)]}


def sign(payload: dict[str, Any]) -> str:
    """A compact JWS over the canonical JSON of ``payload``."""
    key = market_key()
    header = {"alg": ALGORITHM, "kid": key.kid}
    return jws.serialize_compact(header, canonical_json(payload), key, algorithms=[ALGORITHM])


def verify(signature: str) -> dict[str, Any]:
    """The signed payload; raises SignatureInvalid."""
    try:
        verified = jws.deserialize_compact(signature, market_key(), algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise SignatureInvalid() from error
    payload: dict[str, Any] = json.loads(verified.payload)
    return payload
