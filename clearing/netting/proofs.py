"""What a cycle commits to: hashes over its input and its output, and one Merkle root over both.

``trades.lines`` says what the lines of a cycle are and in which order they come. ``input_hash`` is SHA-256 over the
currency, a line feed and the leaf hashes of all lines. ``trades_root`` is the root over them: 16 neighbouring leaves
make a page, whose hash is SHA-256 of 0x01 and the leaves, and a Merkle tree stands on the pages (RFC 6962). So a tree
costs an eighth of what one with two children a node costs, and a proof shows 15 leaves and a path of pages.
``output_hash`` is SHA-256 over the currency and one line a net position, ``<party>|<part>|…|<net>``, in the order of
the parties' bytes; the root over those lines and ``trades_root`` are the two children of ``merkle_root``.

Blocks of 1,024 lines are a power of two of pages long, so the tree over all pages is the tree over the roots of the
blocks, and one pass over the blocks gives everything.
"""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg import Connection, Cursor

from marketplace.kernel.merkle import (
    HASH_BYTES,
    hash_pages,
    leaf_hash,
    merkle_root,
    node_hash,
    packed_merkle_root,
)

from ..trades.lines import BLOCK_LINES, FURTHER_LEAVES, PAGE_LINES, PORTION

BLOCK_BYTES = BLOCK_LINES * HASH_BYTES

# The leaf hashes stand in an index in order: read from there they need no sorting.
_SETTINGS = "SELECT set_config('work_mem', '64MB', true), set_config('random_page_cost', '1.1', true)"


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 1,024 neighbouring lines of a tree: the leaf hash of the first, how many they are, and their root."""

    first_leaf: str
    lines: int
    root: str


@dataclass(frozen=True, slots=True)
class InputDigest:
    """What one pass over the lines of a cycle gives: its hash and root in hexadecimal, its blocks, and sums.

    ``stated`` is how many trades have a line, and the price, tax and fee that these lines state in all.
    """

    input_hash: str
    trades_root: str
    blocks: tuple[Block, ...]
    stated: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class OutputDigest:
    """The hash over the net positions of a cycle, the root over them, and its blocks."""

    output_hash: str
    positions_root: str
    blocks: tuple[Block, ...]


def input_digest(*, cycle_id: int, currency: str) -> InputDigest:
    """The digest over the lines of a cycle, as the database keeps their leaf hashes in order."""
    digest = hashlib.sha256(f"{currency}\n".encode())
    blocks: list[Block] = []
    stated = (0, 0, 0, 0)
    pending = b""
    for leaves, sums in _portions(cycle_id):
        digest.update(leaves)
        pending += leaves
        whole = len(pending) // BLOCK_BYTES * BLOCK_BYTES
        blocks += blocks_over(pending[:whole])
        pending = pending[whole:]
        stated = tuple(map(sum, zip(stated, sums, strict=True)))  # type: ignore[assignment]
    blocks += blocks_over(pending)
    return InputDigest(digest.hexdigest(), root_over(blocks), tuple(blocks), stated)


def _portions(cycle_id: int) -> Iterator[tuple[bytes, list[int]]]:
    """Leaf hashes of the lines in order, some thousands at a time, and what the trades among them state.

    While what was read is hashed here, the database gathers the next ones.
    """
    with transaction.atomic(), ThreadPoolExecutor(max_workers=1) as ahead:
        with connection.cursor() as cursor:
            cursor.execute(_SETTINGS)
        further = further_leaves(cycle_id)
        session = connection.connection
        coming = ahead.submit(_portion, session, cycle_id, b"")
        while portion := coming.result():
            leaves, *stated = portion
            last = leaves[-HASH_BYTES:]
            coming = ahead.submit(_portion, session, cycle_id, last)
            among = further[: bisect(further, last)]
            del further[: len(among)]
            merged = b"".join(sorted([*leaves_in(leaves), *among])) if among else leaves
            yield merged, stated
        if further:
            yield b"".join(further), [0, 0, 0, 0]


def _portion(session: Connection, cycle_id: int, leaf: bytes) -> tuple[Any, ...] | None:
    with Cursor(session) as cursor:
        values = {"cycle": cycle_id, "leaf": leaf}
        row = cursor.execute(PORTION.encode(), values, prepare=False, binary=True).fetchone()
    return row if row and row[1] else None


def further_leaves(cycle_id: int) -> list[bytes]:
    """The leaf hashes of a cycle's further lines in order: few, beside those of its trades."""
    with connection.cursor() as cursor:
        cursor.execute(FURTHER_LEAVES, {"cycle": cycle_id})
        return [bytes(row[0]) for row in cursor.fetchall()]


def output_digest(*, currency: str, positions: Mapping[str, tuple[int, ...]]) -> OutputDigest:
    """The digest over net positions: party → its parts and its net, in the order in which they are stored."""
    lines = [position_line(party, positions[party]) for party in sorted(positions, key=str.encode)]
    blocks = tuple(blocks_over(b"".join(map(leaf_hash, lines))))
    digest = hashlib.sha256(f"{currency}\n".encode() + b"\n".join(lines))
    return OutputDigest(digest.hexdigest(), root_over(blocks), blocks)


def position_line(party: str, parts: tuple[int, ...]) -> bytes:
    """The line of one net position."""
    return "|".join([party, *map(str, parts)]).encode()


def blocks_over(leaves: bytes) -> list[Block]:
    """The blocks of leaf hashes that stand one after the other."""
    blocks = (leaves[at : at + BLOCK_BYTES] for at in range(0, len(leaves), BLOCK_BYTES))
    return [
        Block(
            block[:HASH_BYTES].hex(),
            len(block) // HASH_BYTES,
            packed_merkle_root(hash_pages(block, PAGE_LINES)).hex(),
        )
        for block in blocks
    ]


def leaves_in(block: bytes) -> list[bytes]:
    """The leaf hashes that stand one after the other."""
    return [block[at : at + HASH_BYTES] for at in range(0, len(block), HASH_BYTES)]


def root_over(blocks: tuple[Block, ...] | list[Block]) -> str:
    """The Merkle root over all lines, out of the roots of their blocks, in hexadecimal."""
    return merkle_root([bytes.fromhex(block.root) for block in blocks]).hex()


def cycle_root(trades: str, positions: str) -> str:
    """The node over ``trades_root`` and the root of the positions, in hexadecimal: what a cycle commits to."""
    return node_hash(bytes.fromhex(trades), bytes.fromhex(positions)).hex()
