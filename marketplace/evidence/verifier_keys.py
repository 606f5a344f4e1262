"""Keys of signed notes as C2SP ``signed-note`` writes them. Pure."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

ED25519: Final = 0x01
"""The algorithm of who signs checkpoints."""
KEY_ID_BYTES: Final = 4


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The first four bytes of SHA-256 over the key's name, a line feed, the algorithm's byte and the public key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, algorithm: int, public: bytes) -> str:
    """The text ``name+key id+base64(algorithm and key)``, by which programs are told whom to trust."""
    encoded = base64.b64encode(bytes([algorithm]) + public).decode()
    return f"{name}+{key_id(name, algorithm, public).hex()}+{encoded}"
