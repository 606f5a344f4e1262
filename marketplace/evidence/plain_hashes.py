"""Which hashes no record may have: those of what people wrote or of their data, without a salt. Pure.

Texts are few and guessed, so whoever reads a record tests guesses against a plain hash for ever, also after the text was
deleted. A record commits to them with the salt of their row instead (``kernel.commitments``), under a name that ends in
``_commitment``.
"""

from __future__ import annotations

from typing import Final

TEXTS: Final = (
    "answer", "comment", "declarations", "explanation", "facts", "finding", "ground", "message",
    "name", "named", "note", "objection", "reason", "remark", "statement", "summary", "text", "title", "words",
)  # fmt: skip
"""Names of what people state in their own words, or of facts about them, as columns and payloads have them."""
PLAIN_HASHES: Final = tuple(
    sorted(f"{name}_{ending}" for name in TEXTS for ending in ("digest", "hash", "sha256"))
)
"""The members that no payload has."""
