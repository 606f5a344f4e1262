"""The digest of all files of a delivery. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.kernel.canonical import digest_of


def manifest_digest(sha256_of: Mapping[str, str]) -> str:
    """SHA-256 over the canonical JSON of ``[{"distribution", "sha256"}, …]``, sorted by identifier."""
    return digest_of([{"distribution": name, "sha256": sha256} for name, sha256 in sorted(sha256_of.items())])
