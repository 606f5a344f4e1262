"""Witnesses in somebody's hands, as tests hold them: the market has their public keys only."""

from __future__ import annotations

import base64
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.evidence.verifier_keys import COSIGNATURE, key_id, verifier_key

from .bundles import public_bytes


class Observer:
    """A witness in somebody's hands."""

    def __init__(self, name: str = "witness.example") -> None:
        self.name, self.private = name, Ed25519PrivateKey.generate()

    @property
    def verifier_key(self) -> str:
        return verifier_key(self.name, COSIGNATURE, public_bytes(self.private))

    def line(self, note: str, *, moment: int | None = None, body: str | None = None) -> str:
        at = int(time.time()) if moment is None else moment
        text = note.partition("\n\n")[0] + "\n" if body is None else body
        signature = self.private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        identifier = key_id(self.name, COSIGNATURE, public_bytes(self.private))
        value = identifier + at.to_bytes(8, "big") + signature
        return f"— {self.name} {base64.b64encode(value).decode()}"
