"""Merkle trees as RFC 6962 section 2.1 defines them: leaves and nodes are hashed under different prefixes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf_hash(content: bytes) -> bytes:
    """SHA-256 of 0x00 and the content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes in order; the root of no leaves is SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf ``index``, from the leaf upward (RFC 6962 section 2.1.1). IndexError out of range."""
    if not 0 <= index < len(leaves):
        raise IndexError("no such leaf")
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*inclusion_proof(leaves[:middle], index), merkle_root(leaves[middle:])]
    return [*inclusion_proof(leaves[middle:], index - middle), merkle_root(leaves[:middle])]


def proves(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` leads from ``leaf`` at ``index`` among ``size`` leaves to ``root`` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            current = node_hash(sibling, current)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and current == root
