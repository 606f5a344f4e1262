"""Signed notes of checkpoints (C2SP ``tlog-checkpoint`` and ``signed-note``), signed by the market with Ed25519."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .errors import KeyUnknown, SignatureInvalid
from .keys import market_key, market_keys, private_part, public_bytes
from .verifier_keys import ED25519, KEY_ID_BYTES, key_id

_HEAD = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")
_LINE = re.compile(r"— ([^ \n]+) ([A-Za-z0-9+/]+={0,2})")

PublicKeys = Mapping[str, bytes]
"""Public keys of the market by their key identifier in hexadecimal."""


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
    key = market_key()
    identifier = key_id(head.origin, ED25519, public_bytes(key))
    signature = identifier + private_part(key).sign(head.body().encode())
    return f"{head.body()}\n{signature_line(head.origin, signature)}"


def signature_line(name: str, signature: bytes) -> str:
    """A line of a signed note: whose signature it is, and its key identifier with the signature."""
    return f"— {name} {base64.b64encode(signature).decode()}\n"


def published_keys() -> dict[str, bytes]:
    """The market's keys, past ones too, by their key identifiers."""
    return {row.key_id: bytes(row.public_key) for row in market_keys()}


def open_note(note: str, keys: PublicKeys | None = None) -> TreeHead:
    """What the note states, if the market signed it.

    ``keys``: those that it may be signed with; without them, the market's own of now, or those of its history. Raises
    SignatureInvalid; KeyUnknown, which is one, if no signature of the note's origin is by one of the keys.
    """
    body, _, lines = note.partition("\n\n")
    head = read_body(f"{body}\n")
    signatures = [found for name, found in signature_lines(lines) if name == head.origin]
    if not signatures:
        raise SignatureInvalid()
    known = _current_key(head.origin) if keys is None else keys
    if keys is None and not any(_identifier(found) in known for found in signatures):
        known = published_keys()
    for signature in signatures:
        public = known.get(_identifier(signature))
        if public is not None:
            _verify(public, signature[KEY_ID_BYTES:], head.body())
            return head
    raise KeyUnknown(key=_identifier(signatures[0]))


def read_body(body: str) -> TreeHead:
    """What the body of a checkpoint states; raises SignatureInvalid if it is not written as ``TreeHead.body`` writes it."""
    found = _HEAD.fullmatch(body)
    if found is None:
        raise SignatureInvalid()
    return TreeHead(found[1], int(found[2]), _decoded(found[3]))


def signature_lines(text: str) -> Iterator[tuple[str, bytes]]:
    """Name and decoded value of each signature line; raises SignatureInvalid at what is none."""
    for line in text.removesuffix("\n").split("\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            raise SignatureInvalid()
        yield found[1], _decoded(found[2])


def _current_key(origin: str) -> dict[str, bytes]:
    public = public_bytes(market_key())
    return {key_id(origin, ED25519, public).hex(): public}


def _identifier(signature: bytes) -> str:
    return signature[:KEY_ID_BYTES].hex()


def _verify(public: bytes, signature: bytes, body: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body.encode())
    except InvalidSignature as error:
        raise SignatureInvalid() from error


def _decoded(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SignatureInvalid() from error
    if base64.b64encode(found).decode() != text:
        raise SignatureInvalid()
    return found
