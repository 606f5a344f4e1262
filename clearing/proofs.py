"""What a cycle commits to: hashes over its input and its output, and one Merkle root over both.

``clearing.lines`` says what the lines of a cycle are and in which order they come. ``input_hash`` is SHA-256 over the
currency, a line feed and the leaf hashes of all lines. ``trades_root`` is the Merkle root (RFC 6962) over them.
``output_hash`` is SHA-256 over the currency and one line a net position, ``<party>|<part>|…|<net>``, in the order of
the parties' bytes; the root over those lines and ``trades_root`` are the two children of ``merkle_root``.

Blocks of 1,024 lines are a power of two long, so the tree over all lines is the tree over the roots of the blocks, and
one pass over the blocks gives everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection, transaction
from psycopg import Connection, Cursor

from marketplace.kernel.merkle import HASH_BYTES, leaf_hash, merkle_root, node_hash, root_of

from .lines import BLOCK_LINES, PORTION

# The leaf hashes stand in an index in order: read from there they need no sorting.
_SETTINGS = "SELECT set_config('work_mem', '64MB', true), set_config('random_page_cost', '1.1', true)"


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 1,024 neighbouring lines of a tree: the key and leaf hash of the first, how many, and their root."""

    first_key: str
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
    for keys, leaves, *sums in _portions(cycle_id):
        digest.update(leaves)
        step = BLOCK_LINES * HASH_BYTES
        blocks += [
            block_over(first_key, leaves[at : at + step])
            for first_key, at in zip(keys[::BLOCK_LINES], range(0, len(leaves), step), strict=True)
        ]
        stated = tuple(map(sum, zip(stated, sums, strict=True)))  # type: ignore[assignment]
    return InputDigest(digest.hexdigest(), root_over(blocks), tuple(blocks), stated)


_Portion = tuple[list[str], bytes, int, int, int, int]


def _portions(cycle_id: int) -> Iterator[_Portion]:
    """Keys, leaf hashes and sums of the lines, some whole blocks at a time.

    While what was read is hashed here, the database gathers the next lines.
    """
    with transaction.atomic(), ThreadPoolExecutor(max_workers=1) as ahead:
        with connection.cursor() as settings:
            settings.execute(_SETTINGS)
        session = connection.connection
        coming = ahead.submit(_portion, session, cycle_id, "", b"")
        while portion := coming.result():
            keys, leaves, *_ = portion
            coming = ahead.submit(_portion, session, cycle_id, keys[-1], leaves[-HASH_BYTES:])
            yield portion


def _portion(session: Connection, cycle_id: int, key: str, leaf: bytes) -> _Portion | None:
    values = {"cycle": cycle_id, "key": key, "leaf": leaf}
    with Cursor(session) as cursor:
        row = cursor.execute(PORTION.encode(), values, prepare=False, binary=True).fetchone()
    if row is None or row[0] is None:
        return None
    keys, leaves, *sums = row
    return (keys.split("|"), leaves, *sums)


def output_digest(*, currency: str, positions: Mapping[str, tuple[int, ...]]) -> OutputDigest:
    """The digest over net positions: party → its parts and its net, in the order in which they are stored."""
    parties = sorted(positions, key=str.encode)
    lines = [position_line(party, positions[party]) for party in parties]
    blocks = tuple(
        block_over(parties[at], b"".join(map(leaf_hash, lines[at : at + BLOCK_LINES])))
        for at in range(0, len(lines), BLOCK_LINES)
    )
    digest = hashlib.sha256(f"{currency}\n".encode() + b"\n".join(lines))
    return OutputDigest(digest.hexdigest(), root_over(blocks), blocks)


def position_line(party: str, parts: tuple[int, ...]) -> bytes:
    """The line of one net position."""
    return "|".join([party, *map(str, parts)]).encode()


def block_over(first_key: str, leaves: bytes) -> Block:
    """The block of leaf hashes that stand one after the other."""
    return Block(first_key, leaves[:HASH_BYTES].hex(), len(leaves) // HASH_BYTES, root_of(leaves).hex())


def root_over(blocks: tuple[Block, ...] | list[Block]) -> str:
    """The Merkle root over all lines, out of the roots of their blocks, in hexadecimal."""
    return merkle_root([bytes.fromhex(block.root) for block in blocks]).hex()


def cycle_root(trades: str, positions: str) -> str:
    """The node over ``trades_root`` and the root of the positions, in hexadecimal: what a cycle commits to."""
    return node_hash(bytes.fromhex(trades), bytes.fromhex(positions)).hex()
