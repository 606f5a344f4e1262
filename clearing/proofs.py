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
from itertools import islice

from django.db import connection, transaction
from psycopg import ClientCursor

from marketplace.kernel.merkle import leaf_hash, merkle_root, node_hash

BLOCK_LINES = 1024
SORTING_MEMORY = "128MB"

_LINES = """
    COPY (
        WITH party AS NOT MATERIALIZED (
            SELECT * FROM unnest(%(keys)s::bigint[], %(names)s::text[]) AS p(id, name)
        ),
        lines AS NOT MATERIALIZED (
            SELECT concat_ws('|', t.business_key, 'trade', b.name, s.name, t.price_minor, t.tax_minor,
                             t.tax_rate_bp, t.fee_minor, t.fee_tax_rate_bp, t.fee_payer) AS line
              FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
              JOIN party b ON b.id = t.buyer_id JOIN party s ON s.id = t.seller_id
             WHERE o.cycle_id = %(cycle)s AND o.kind = 'purchase'
            UNION ALL
            SELECT concat_ws('|', t.business_key, o.kind, d.name, c.name, o.amount_minor, o.tax_minor, o.tax_rate_bp)
              FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
              JOIN party d ON d.id = o.debtor_id JOIN party c ON c.id = o.creditor_id
             WHERE o.cycle_id = %(cycle)s AND o.kind NOT IN ('purchase', 'fee')
        )
        SELECT line FROM lines ORDER BY line COLLATE "C"
    ) TO STDOUT
"""


@dataclass(frozen=True, slots=True)
class InputProof:
    """Hash and Merkle root over what a cycle clears, in hexadecimal, and how many lines that was."""

    input_hash: str
    trades_root: str
    lines: int


def input_proof(*, cycle_id: int, currency: str, parties: Mapping[int, str]) -> InputProof:
    """The proof over the obligations of a cycle; ``parties`` names every party (key → corporate number).

    One block of lines is in memory at a time.
    """
    digest = hashlib.sha256(f"{currency}\n".encode())
    roots: list[bytes] = []
    count = 0
    for block in _blocks(input_lines(cycle_id=cycle_id, parties=parties)):
        digest.update(hashlib.sha256(b"\n".join(block)).digest())
        roots.append(merkle_root([leaf_hash(line) for line in block]))
        count += len(block)
    return InputProof(digest.hexdigest(), merkle_root(roots).hex(), count)


def _blocks(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while block := list(islice(lines, BLOCK_LINES)):
        yield block


def input_lines(*, cycle_id: int, parties: Mapping[int, str]) -> Iterator[bytes]:
    """The lines of a cycle in order, as the database streams them."""
    values = {"keys": list(parties), "names": list(parties.values()), "cycle": cycle_id}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('work_mem', %s, true)", [SORTING_MEMORY])
        with ClientCursor(connection.connection) as stream, stream.copy(_LINES, values) as rows:
            for row in rows:
                # A row ends with a line feed, and COPY writes a backslash as two.
                yield bytes(row)[:-1].replace(b"\\\\", b"\\")


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
