"""What a cycle commits to: hashes over its input and its output, and one Merkle root over both.

Lines are made of business keys, corporate numbers and amounts alone, so the same trades give the same hashes in
every database and on every run. Fields are separated by ``|``, which no field contains. One line a trade::

    <business key>|trade|<buyer>|<seller>|<price>|<tax>|<tax rate>|<fee>|<fee's tax rate>|<who bears the fee>

and one a further obligation (corrections, refunds of fees)::

    <business key>|<kind>|<debtor>|<creditor>|<amount>|<tax>|<tax rate>

sorted by their bytes. ``input_hash`` is SHA-256 over the currency and the SHA-256 of each block of 1,024 lines
joined by line feeds; ``trades_root`` is the Merkle root (RFC 6962) over all lines in that order. Blocks are a power
of two long, so the tree over all lines is the tree over the roots of the blocks, and one block at a time is enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from marketplace.kernel.merkle import leaf_hash, merkle_root, node_hash

BLOCK_LINES = 1024
HASH_BYTES = 32

_LINES = """
    WITH party AS (SELECT * FROM unnest(%(keys)s::bigint[], %(names)s::text[]) AS p(id, name)),
    lines AS (
        SELECT concat_ws('|', t.business_key, 'trade', b.name, s.name, t.price_minor, t.tax_minor, t.tax_rate_bp,
                         t.fee_minor, t.fee_tax_rate_bp, t.fee_payer) AS line
          FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
          JOIN party b ON b.id = t.buyer_id JOIN party s ON s.id = t.seller_id
         WHERE o.cycle_id = %(cycle)s AND o.kind = 'purchase'
        UNION ALL
        SELECT concat_ws('|', t.business_key, o.kind, d.name, c.name, o.amount_minor, o.tax_minor, o.tax_rate_bp)
          FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
          JOIN party d ON d.id = o.debtor_id JOIN party c ON c.id = o.creditor_id
         WHERE o.cycle_id = %(cycle)s AND o.kind NOT IN ('purchase', 'fee')
    ),
    numbered AS (
        SELECT line, (row_number() OVER (ORDER BY line COLLATE "C") - 1) / %(block)s AS block FROM lines
    )
"""
_BLOCKS = f"""{_LINES}
    SELECT sha256(convert_to(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), 'UTF8')),
           string_agg(sha256('\\x00'::bytea || convert_to(line, 'UTF8')), ''::bytea ORDER BY line COLLATE "C")
      FROM numbered GROUP BY block ORDER BY block
"""  # noqa: S608  the text is all ours; values are parameters
_SORTED = f'{_LINES} SELECT line FROM numbered ORDER BY line COLLATE "C"'  # noqa: S608  as above


@dataclass(frozen=True, slots=True)
class InputProof:
    """Hash and Merkle root over what a cycle clears, in hexadecimal, and how many lines that was."""

    input_hash: str
    trades_root: str
    lines: int


def input_proof(*, cycle_id: int, currency: str, parties: Mapping[int, str]) -> InputProof:
    """The proof over the obligations of a cycle; ``parties`` names every party (key → corporate number)."""
    digest = hashlib.sha256(f"{currency}\n".encode())
    roots: list[bytes] = []
    lines = 0
    for block_hash, joined in _blocks(_BLOCKS, cycle_id, parties):
        digest.update(block_hash)
        leaves = [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
        roots.append(merkle_root(leaves))
        lines += len(leaves)
    return InputProof(digest.hexdigest(), merkle_root(roots).hex(), lines)


def input_lines(*, cycle_id: int, parties: Mapping[int, str]) -> list[str]:
    """The lines themselves, in order, for whoever recomputes a cycle."""
    return [str(row[0]) for row in _rows(_SORTED, cycle_id, parties)]


def _blocks(query: str, cycle_id: int, parties: Mapping[int, str]) -> Iterator[tuple[bytes, bytes]]:
    for block_hash, joined in _rows(query, cycle_id, parties):
        yield bytes(block_hash), bytes(joined)


def _rows(query: str, cycle_id: int, parties: Mapping[int, str]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "keys": list(parties),
                "names": list(parties.values()),
                "cycle": cycle_id,
                "block": BLOCK_LINES,
            },
        )
        while rows := cursor.fetchmany(BLOCK_LINES):
            yield from rows


@dataclass(frozen=True, slots=True)
class OutputProof:
    """Hash over the net positions of a cycle, and Merkle root over its trades and positions, in hexadecimal."""

    output_hash: str
    merkle_root: str


def output_proof(*, currency: str, positions: Mapping[str, tuple[int, ...]], trades_root: str) -> OutputProof:
    """The proof over net positions: party (corporate number) → its parts and its net, in the order they are stored.

    The Merkle root is the node over ``trades_root`` and the root of the lines.
    """
    lines = position_lines(positions)
    digest = hashlib.sha256(f"{currency}\n".encode() + b"\n".join(lines)).hexdigest()
    positions_root = merkle_root([leaf_hash(line) for line in lines])
    return OutputProof(digest, node_hash(bytes.fromhex(trades_root), positions_root).hex())


def position_lines(positions: Mapping[str, tuple[int, ...]]) -> list[bytes]:
    """One line a party, ``<party>|<part>|…|<net>``, sorted by its bytes."""
    return sorted("|".join([party, *map(str, parts)]).encode() for party, parts in positions.items())
