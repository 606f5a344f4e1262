"""The token of an invitation, and the digest in which it is kept. Pure."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "ivk_"  # noqa: S105  # a prefix
_TOKEN_BYTES = 32


def new_invitation_token() -> str:
    """A token by which the invited person accepts: 256 random bits."""
    return f"{TOKEN_PREFIX}{secrets.token_urlsafe(_TOKEN_BYTES)}"


def invitation_token_digest(token: str) -> str:
    """SHA-256 of a token, in hexadecimal: enough for what is random."""
    return hashlib.sha256(token.strip().encode(errors="surrogatepass")).hexdigest()
