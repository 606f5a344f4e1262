"""Commitments of a cycle: hashes over its input and output, and one Merkle root over both.

``trades.lines`` defines the lines of a cycle and their order. ``input_hash`` is SHA-256 over the currency, a line
feed and the leaf hashes of all lines. ``trades_root`` is the root over them: 16 neighbouring leaves form a page,
whose hash is SHA-256 of 0x01 and the leaves, and the pages are the leaves of a Merkle tree (RFC 6962). Such a tree
costs an eighth of a binary one, and a proof contains 15 leaves and a path of pages. ``output_hash`` is SHA-256 over
the currency and one line per net position, ``<party>|<part>|…|<net>``, ordered by the parties' bytes; the root over
those lines and ``trades_root`` are the two children of ``merkle_root``.

A block of 1,024 lines has a power of two of pages, so the tree over all pages is the tree over the roots of the
blocks, and one pass over the blocks computes everything.
"""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg import Cursor

from marketplace.kernel.merkle import (
    HASH_BYTES,
    hash_pages,
    leaf_hash,
    merkle_root,
    node_hash,
    packed_merkle_root,
)

from ..trades.lines import BLOCK_LINES, FURTHER_LEAVES, FURTHER_TRADES, PAGE_LINES, PORTION

BLOCK_BYTES = BLOCK_LINES * HASH_BYTES

FURTHER_TRADES_A_READ = 20_000

# An index holds the leaf hashes in order: reading from it avoids a sort.
_SETTINGS = "SELECT set_config('work_mem', '64MB', true), set_config('random_page_cost', '1.1', true)"


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 1,024 neighbouring lines of a tree: the first leaf hash, the number of lines, and their root."""

    first_leaf: str
    lines: int
    root: str


@dataclass(frozen=True, slots=True)
class InputDigest:
    """Result of one pass over the lines of a cycle: hash and root in hexadecimal, blocks, and sums.

    ``stated``: number of trades with a line, and the sums of price, tax and fee in these lines.
    """

    input_hash: str
    trades_root: str
    blocks: tuple[Block, ...]
    stated: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class OutputDigest:
    """The hash over the net positions of a cycle, their root, and their blocks."""

    output_hash: str
    positions_root: str
    blocks: tuple[Block, ...]


def input_digest(*, cycle_id: int, currency: str) -> InputDigest:
    """The digest over the lines of a cycle, from their ordered leaf hashes in the database."""
    digest = hashlib.sha256(f"{currency}\n".encode())
    blocks: list[Block] = []
    stated = (0, 0, 0, 0)
    pending = b""
    for leaves, sums in _portions(cycle_id):
        digest.update(leaves)
        pending += leaves
        full = len(pending) // BLOCK_BYTES * BLOCK_BYTES
        blocks += blocks_over(pending[:full])
        pending = pending[full:]
        stated = tuple(map(sum, zip(stated, sums, strict=True)))  # type: ignore[assignment]
    blocks += blocks_over(pending)
    return InputDigest(digest.hexdigest(), root_over(blocks), tuple(blocks), stated)


def _portions(cycle_id: int) -> Iterator[tuple[bytes, list[int]]]:
    """Leaf hashes of the lines in order, thousands at a time, with the sums of the trades among them."""
    further = further_leaves(cycle_id)
    last = b""
    while portion := _portion(cycle_id, last):
        leaves, *stated = portion
        last = leaves[-HASH_BYTES:]
        earlier = further[: bisect(further, last)]
        del further[: len(earlier)]
        merged = b"".join(sorted([*leaves_in(leaves), *earlier])) if earlier else leaves
        yield merged, stated
    if further:
        yield b"".join(further), [0, 0, 0, 0]


def _portion(cycle_id: int, leaf: bytes) -> tuple[Any, ...] | None:
    with transaction.atomic(), Cursor(connection.connection) as cursor:
        cursor.execute(_SETTINGS)
        values = {"cycle": cycle_id, "leaf": leaf}
        row = cursor.execute(PORTION.encode(), values, prepare=False, binary=True).fetchone()
    return row if row and row[1] else None


def further_leaves(cycle_id: int) -> list[bytes]:
    """The leaf hashes of a cycle's further lines in order; few in comparison with its trades."""
    found: list[bytes] = []
    after: int | None = 0
    with connection.cursor() as cursor:
        while after is not None:
            values = {"cycle": cycle_id, "after": after, "trades": FURTHER_TRADES_A_READ}
            cursor.execute(FURTHER_TRADES, values)
            until = cursor.fetchone()[0]
            if until is not None:
                cursor.execute(FURTHER_LEAVES, values | {"until": until})
                found += [bytes(row[0]) for row in cursor.fetchall()]
            after = until
    return sorted(found)


def output_digest(*, currency: str, positions: Mapping[str, tuple[int, ...]]) -> OutputDigest:
    """The digest over net positions: party → parts and net, in stored order."""
    lines = [position_line(party, positions[party]) for party in sorted(positions, key=str.encode)]
    blocks = tuple(blocks_over(b"".join(map(leaf_hash, lines))))
    digest = hashlib.sha256(f"{currency}\n".encode() + b"\n".join(lines))
    return OutputDigest(digest.hexdigest(), root_over(blocks), blocks)


def position_line(party: str, parts: tuple[int, ...]) -> bytes:
    """The line of one net position."""
    return "|".join([party, *map(str, parts)]).encode()


def blocks_over(leaves: bytes) -> list[Block]:
    """The blocks of concatenated leaf hashes."""
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
    """Splits concatenated leaf hashes."""
    return [block[at : at + HASH_BYTES] for at in range(0, len(block), HASH_BYTES)]


def root_over(blocks: tuple[Block, ...] | list[Block]) -> str:
    """The Merkle root over all lines, computed from the roots of their blocks, in hexadecimal."""
    return merkle_root([bytes.fromhex(block.root) for block in blocks]).hex()


def cycle_root(trades: str, positions: str) -> str:
    """The node over ``trades_root`` and the root of the positions, in hexadecimal: the cycle's ``merkle_root``."""
    return node_hash(bytes.fromhex(trades), bytes.fromhex(positions)).hex()
