"""A Merkle tree (RFC 6962 section 2.1) stored as tiles of height 8, as C2SP ``tlog-tiles`` lays them out.

Tile ``(level, index)`` holds up to 256 hashes of 32 bytes: at level 0 the leaf hashes ``256 * index`` and following, at
level ``n + 1`` the roots of the full tiles of level ``n``. A tile with fewer hashes is partial; only the last one of a
level is. Tiles only grow, so a tree of any earlier size can be read from them. Appending touches the last tile of each
level only; roots and proofs read a number of tiles that grows with the logarithm of the tree's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .merkle import HASH_BYTES, node_hash, packed_merkle_root

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_BYTES
EMPTY_ROOT = packed_merkle_root(b"")


@dataclass(frozen=True, order=True, slots=True)
class TilePlace:
    """Where a tile stands: its level, 0 for leaf hashes, and its index within the level."""

    level: int
    index: int


TileReader = Callable[[TilePlace], bytes]


class TileMissing(LookupError):
    """A tile that the tree needs does not exist, or has too few hashes. Argument: its place."""


def widths_at(size: int) -> list[int]:
    """The number of hashes that each level holds in a tree of ``size`` leaves, from level 0; empty for no leaves."""
    widths = []
    while size:
        widths.append(size)
        size >>= TILE_HEIGHT
    return widths


def edge_places(size: int) -> list[TilePlace]:
    """The partial tiles of a tree of ``size`` leaves, from level 0; a level whose last tile is full has none."""
    return [
        TilePlace(level, width >> TILE_HEIGHT)
        for level, width in enumerate(widths_at(size))
        if width % TILE_WIDTH
    ]


def append_leaves(
    size: int, edge: Mapping[TilePlace, bytes], leaves: Iterable[bytes]
) -> dict[TilePlace, bytes]:
    """The new content of each tile that changes when ``leaves`` (leaf hashes) follow ``size`` leaves.

    ``edge`` has the hashes of the partial tiles at ``edge_places(size)``. Raises TileMissing if one is not there or not
    of the width that ``size`` demands.
    """
    changed: dict[TilePlace, bytes] = {}
    added, level = b"".join(leaves), 0
    while added:
        width = size >> (TILE_HEIGHT * level)
        place = TilePlace(level, width >> TILE_HEIGHT)
        partial = edge.get(place, b"")
        if len(partial) != width % TILE_WIDTH * HASH_BYTES:
            raise TileMissing(place)
        content, roots = partial + added, []
        for at in range(0, len(content), TILE_BYTES):
            tile = content[at : at + TILE_BYTES]
            changed[TilePlace(level, place.index + at // TILE_BYTES)] = tile
            if len(tile) == TILE_BYTES:
                roots.append(packed_merkle_root(tile))
        added, level = b"".join(roots), level + 1
    return changed


class TiledTree:
    """Roots and proofs of a tree and of its earlier sizes, read from tiles; each tile is read once."""

    def __init__(self, read: TileReader) -> None:
        """``read`` gives the hashes of the tile at a place; empty, if there is none."""
        self._read = read
        self._tiles: dict[TilePlace, bytes] = {}

    def root(self, size: int) -> bytes:
        """The root over the first ``size`` leaves. Raises TileMissing."""
        return self._hash(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The audit path of leaf ``index`` in the first ``size`` leaves, from the leaf up (RFC 6962 section 2.1.1).

        Raises IndexError if there is no such leaf, TileMissing.
        """
        if not 0 <= index < size:
            raise IndexError("no such leaf")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        return path[::-1]

    def consistency_proof(self, older: int, newer: int) -> list[bytes]:
        """The hashes which prove that the first ``older`` leaves begin the first ``newer`` (RFC 6962 section 2.1.2).

        Raises IndexError unless ``0 < older <= newer``, TileMissing.
        """
        if not 0 < older <= newer:
            raise IndexError("no such sizes")
        path: list[bytes] = []
        start, end = 0, newer
        while older < end:
            middle = start + _split(end - start)
            if older <= middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        if start:  # Otherwise this last hash is the older root, which whoever verifies has.
            path.append(self._hash(start, end))
        return path[::-1]

    def _hash(self, start: int, end: int) -> bytes:
        """The hash over the leaves from ``start`` to before ``end``; ``start`` is a multiple of the largest power of two."""
        size = end - start
        if size & (size - 1) == 0:
            return self._node(size.bit_length() - 1, start)
        middle = start + _split(size)
        return node_hash(self._hash(start, middle), self._hash(middle, end))

    def _node(self, height: int, start: int) -> bytes:
        """The root of the complete subtree of ``height`` whose first leaf is ``start``."""
        level, within = divmod(height, TILE_HEIGHT)
        first = start >> (TILE_HEIGHT * level)
        place = TilePlace(level, first >> TILE_HEIGHT)
        at, length = first % TILE_WIDTH * HASH_BYTES, HASH_BYTES << within
        if place not in self._tiles:
            self._tiles[place] = self._read(place)
        hashes = self._tiles[place][at : at + length]
        if len(hashes) != length:
            raise TileMissing(place)
        return packed_merkle_root(hashes)


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
