"""How the secrets of programs are kept: hashed so that trying one costs nothing, because none can be guessed."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher
from django.utils.crypto import constant_time_compare


class RandomSecretHasher(BasePasswordHasher):
    """Salted SHA-256, for secrets of at least 128 random bits that the market makes itself; never for passwords.

    A slow hash protects what people choose. A random secret needs none, and a slow one would let a stranger who
    sends wrong secrets take the market's processors.
    """

    algorithm = "random_sha256"

    def encode(self, password: str, salt: str) -> str:
        """The text to store: algorithm, salt and digest, separated by dollar signs."""
        digest = hashlib.sha256(f"{salt}${password}".encode()).hexdigest()
        return f"{self.algorithm}${salt}${digest}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """The parts of a stored text."""
        algorithm, salt, digest = encoded.split("$", 2)
        return {"algorithm": algorithm, "salt": salt, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        """Whether ``password`` is the secret of which ``encoded`` was stored."""
        return constant_time_compare(encoded, self.encode(password, self.decode(encoded)["salt"]))

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        """Nothing of the digest: the algorithm alone."""
        return {"algorithm": self.algorithm}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: every secret takes the same time."""
