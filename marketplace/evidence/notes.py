"""Signed notes of checkpoints (C2SP ``tlog-checkpoint`` and ``signed-note``), signed by the market with Ed25519."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .signatures import SignatureInvalid, market_key

ED25519 = b"\x01"
KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint states: the tree's ``origin``, its ``size`` in leaves, and the ``root`` over them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed: three lines, each ended by a line feed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign_note(head: TreeHead) -> str:
    """The note: the body, an empty line, and the market's signature line under the name of the origin."""
    private = market_key().private_key
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("the market's signing key is not a private Ed25519 key")
    signature = key_id(head.origin, private.public_key()) + private.sign(head.body().encode())
    return f"{head.body()}\n— {head.origin} {base64.b64encode(signature).decode()}\n"


def open_note(note: str) -> TreeHead:
    """What the note states, if the market signed it; raises SignatureInvalid."""
    public = market_key().public_key
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError("the market's signing key is not an Ed25519 key")
    try:
        body, line = note.removesuffix("\n").split("\n\n")
        origin, size, root = body.split("\n")
        head = TreeHead(origin, int(size), base64.b64decode(root, validate=True))
        signature = base64.b64decode(line.removeprefix(f"— {origin} "), validate=True)
        public.verify(signature[KEY_ID_BYTES:], f"{body}\n".encode())
    except (ValueError, binascii.Error, InvalidSignature) as error:
        raise SignatureInvalid() from error
    if signature[:KEY_ID_BYTES] != key_id(origin, public):
        raise SignatureInvalid()
    return head


def key_id(name: str, public: Ed25519PublicKey) -> bytes:
    """The first four bytes of SHA-256 over the key's name, a line feed, the algorithm's byte and the public key."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + raw).digest()[:KEY_ID_BYTES]
