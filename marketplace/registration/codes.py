"""The key of an application, the code that proves its mail address, and the digests in which both are kept."""

from __future__ import annotations

import hashlib
import secrets

from django.utils.crypto import salted_hmac

from .bounds import CODE_DIGITS

KEY_PREFIX = "rgk_"
_KEY_BYTES = 32


def new_key() -> str:
    """A key by which an applicant reads and changes its own application: 256 random bits."""
    return f"{KEY_PREFIX}{secrets.token_urlsafe(_KEY_BYTES)}"


def key_digest(key: str) -> str:
    """SHA-256 of a key, in hexadecimal: enough for what is random."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_code() -> str:
    """A code of ``CODE_DIGITS`` random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def code_digest(registration: str, code: str) -> str:
    """The digest of a code, keyed by the market's secret: a code is short, and who reads the table must not find it."""
    return salted_hmac(f"registration.code:{registration}", code, algorithm="sha256").hexdigest()


def address_digest(address: str) -> str:
    """The digest of a client's address, by which its applications are counted."""
    return salted_hmac("registration.address", address, algorithm="sha256").hexdigest()
