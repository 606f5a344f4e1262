"""Salted commitments and pseudonyms of a bundle. Pure; ``verification/replay.py`` computes the same.

A bundle has one secret salt. Every commitment and every pseudonym has a salt of its own that follows from it and from the
row, so the same organisation has another pseudonym in each row: nobody who knows one row finds the others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

from marketplace.kernel.canonical import canonical_json

IDENTIFIER = re.compile(r"[a-z]{2,4}_[0-9A-HJKMNP-TV-Z]{26}")
SALT_BYTES = 32
_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_TOKEN_CHARACTERS = 26


class Seal:
    """The secret salt of one bundle."""

    def __init__(self, salt: bytes) -> None:
        """``salt`` has ``SALT_BYTES`` random bytes."""
        self._salt = salt

    def item(self, part: str, identifier: str) -> str:
        """The name of a row in the public bundle: it tells nothing of the identifier to who has no salt."""
        return self._digest("item", part, identifier).hex()

    def salt_of(self, *labels: str) -> str:
        """The salt of one commitment, which opens it alone."""
        return self._digest("salt", *labels).hex()

    def commit(self, content: Any, *labels: str) -> str:
        """The commitment to ``content`` (JSON): SHA-256 over its salt and its canonical form."""
        return hashlib.sha256(self.salt_of(*labels).encode() + canonical_json(content)).hexdigest()

    def token(self, value: str, *labels: str) -> str:
        """The pseudonym of a text within one row: an identifier keeps its prefix and its length."""
        digest = self._digest("token", *labels, value)
        drawn = base64.b32encode(digest).decode().rstrip("=").translate(_CROCKFORD)[:_TOKEN_CHARACTERS]
        prefix = value.partition("_")[0] if IDENTIFIER.fullmatch(value) else "~"
        return f"{prefix}_{drawn}"

    def _digest(self, *labels: str) -> bytes:
        message = b"".join(len(label.encode()).to_bytes(4, "big") + label.encode() for label in labels)
        return hmac.new(self._salt, message, hashlib.sha256).digest()
