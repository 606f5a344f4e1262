"""What the market signs of a renewal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marketplace.evidence.signatures import SignatureInvalid, verify

RENEWAL_TYPE: Final = "sanpo.renewal.v1"
CLAUSE: Final = "terms.renewal"
"""The ground that is cited: the term of the version before, which both parties signed, or which was renewed by it."""


def renewal_claims(renewal: str, amends: Mapping[str, Any], signed_hash: str) -> dict[str, Any]:
    """The claims of the market's signature: which renewal makes which version, with the hash that it replaces, and by which clause."""
    return {
        "type": RENEWAL_TYPE,
        "renewal": renewal,
        "agreement": amends["agreement"],
        "version": amends["version"],
        "replaces": amends["replaces"],
        "signed_hash": signed_hash,
        "clause": CLAUSE,
    }


def renewal_faults(jws: str, expected: Mapping[str, Any]) -> list[str]:
    """The errors of the market's signature over a renewal; empty if it verifies."""
    try:
        signed = verify(jws)
    except SignatureInvalid:
        return ["the market's signature of the renewal does not verify under its key"]
    return (
        [] if signed == dict(expected) else ["the market's signature of the renewal is over something else"]
    )
