"""Secrets of webhooks: how they are made, kept, and used to sign (Standard Webhooks)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from standardwebhooks import Webhook as Signer

PREFIX = "whsec_"
SECRET_BYTES = 32
KEY_PURPOSE = b"sanpo webhook secrets v1"


def new_secret() -> str:
    """A new secret as the receiver's library takes it: ``whsec_`` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def seal(secret: str) -> str:
    """The secret encrypted (Fernet) under a key derived from ``SECRET_KEY``, for storage."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret in clear text; raises cryptography's InvalidToken if it was sealed under a key that is gone."""
    return _box().decrypt(sealed.encode()).decode()


def sign(*, sealed: Iterable[str], identifier: str, sent_at: datetime, body: str) -> dict[str, str]:
    """The headers of a message: ``webhook-id``, ``webhook-timestamp``, and one signature per secret that can be read.

    ``sent_at`` is a UTC datetime. Raises InvalidToken if no secret can be read; one that cannot be, because its key is
    gone, does not silence the one that replaced it.
    """
    signatures = []
    for secret in sealed:
        with suppress(InvalidToken):
            signatures.append(Signer(unseal(secret)).sign(identifier, sent_at, body))
    if not signatures:
        raise InvalidToken
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _box() -> MultiFernet:
    """Encrypts under ``SECRET_KEY``, and reads what was encrypted under one of ``SECRET_KEY_FALLBACKS`` too."""
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=KEY_PURPOSE).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
