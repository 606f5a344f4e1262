"""Keys of signed notes as C2SP ``signed-note`` writes them. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final, NamedTuple

ED25519: Final = 0x01
"""The algorithm of who signs checkpoints."""
COSIGNATURE: Final = 0x04
"""The algorithm of witnesses: timestamped Ed25519 cosignatures."""
KEY_ID_BYTES: Final = 4
PUBLIC_KEY_BYTES: Final = 32
NAME = re.compile(r"[^\s+]{1,200}")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class VerifierKey(NamedTuple):
    """A key's ``name``, ``algorithm`` and public bytes."""

    name: str
    algorithm: int
    public: bytes


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The first four bytes of SHA-256 over the key's name, a line feed, the algorithm's byte and the public key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, algorithm: int, public: bytes) -> str:
    """The text ``name+key id+base64(algorithm and key)``, by which programs are told whom to trust."""
    encoded = base64.b64encode(bytes([algorithm]) + public).decode()
    return f"{name}+{key_id(name, algorithm, public).hex()}+{encoded}"


def read_verifier_key(text: str) -> VerifierKey | None:
    """The key that ``text`` states; None if it is not written as ``verifier_key`` writes it."""
    name, _, rest = text.partition("+")
    stated, _, encoded = rest.partition("+")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        return None
    if not NAME.fullmatch(name) or not _KEY_ID.fullmatch(stated) or len(decoded) != 1 + PUBLIC_KEY_BYTES:
        return None
    found = VerifierKey(name, decoded[0], decoded[1:])
    return found if key_id(*found).hex() == stated else None
