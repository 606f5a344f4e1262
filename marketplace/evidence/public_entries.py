"""The entries of the public log: what is hashed into the tree, and what everybody may read. Pure.

An entry is a salted commitment and nothing else: it tells neither who nor what. The commitment is SHA-256 over the salt of
32 bytes followed by the record's bytes (``entries.record_bytes``); whoever has both can open it, and nobody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

ENTRY_START: Final = '{"commitment":"'
ENTRY_END: Final = '","v":1}'
"""An entry is canonical JSON (RFC 8785): the commitment in hexadecimal, and the version of this form."""


def commit(salt: bytes, content: bytes) -> bytes:
    """The commitment to ``content``."""
    return hashlib.sha256(salt + content).digest()


def public_entry(commitment: bytes) -> bytes:
    """The entry that publishes a commitment."""
    return f"{ENTRY_START}{commitment.hex()}{ENTRY_END}".encode()


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each after its length in 16 bits, the high byte first (C2SP tlog-tiles)."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])
