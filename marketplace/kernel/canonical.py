"""Canonical JSON (RFC 8785) and SHA-256 digests of it."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """``value`` (JSON types only) as canonical UTF-8 bytes, RFC 8785. Raises rfc8785.CanonicalizationError."""
    return rfc8785.dumps(value)


def sha256_hex(content: bytes) -> str:
    """Lower-case hexadecimal SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))
