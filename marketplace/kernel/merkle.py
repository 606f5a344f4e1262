"""Merkle trees (RFC 6962 section 2.1): leaves and nodes are hashed with different prefixes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32


def leaf_hash(content: bytes) -> bytes:
    """SHA-256 of 0x00 followed by the content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 followed by both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in order; the root of an empty tree is SHA-256 of the empty string."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def packed_merkle_root(leaves: bytes) -> bytes:
    """The root over concatenated leaf hashes, 32 bytes each; faster than ``merkle_root`` for many leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    sha256, level = hashlib.sha256, leaves
    while len(level) > HASH_BYTES:
        paired = len(level) // (2 * HASH_BYTES) * (2 * HASH_BYTES)
        nodes = [
            sha256(b"\x01" + level[at : at + 2 * HASH_BYTES]).digest()
            for at in range(0, paired, 2 * HASH_BYTES)
        ]
        level = b"".join([*nodes, level[paired:]])
    return level


def hash_pages(leaves: bytes, length: int) -> bytes:
    """The concatenated hashes of pages of ``length`` leaf hashes each: SHA-256 of 0x01 followed by the page's leaves.

    A page is a node with more than two children, so a tree over pages has fewer nodes.
    """
    sha256, step = hashlib.sha256, length * HASH_BYTES
    return b"".join([sha256(b"\x01" + leaves[at : at + step]).digest() for at in range(0, len(leaves), step)])


class MerkleTree:
    """All levels of a tree over leaf hashes, for computing many inclusion proofs."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Compute every node once; an unpaired last node of a level moves up unchanged."""
        self._levels = [list(leaves)]
        while len(level := self._levels[-1]) > 1:
            paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
            self._levels.append(paired + level[len(paired) * 2 :])

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The audit path of leaf ``index``, from the leaf up (RFC 6962 section 2.1.1). Raises IndexError if out of range."""
        if not 0 <= index < len(self._levels[0]):
            raise IndexError("no such leaf")
        found = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                found.append(level[sibling])
            index >>= 1
        return found
