"""What a cycle commits to: hashes over its input and its output, and one Merkle root over both.

Lines are made of business keys, corporate numbers and amounts alone, so the same trades give the same hashes in
every database and on every run. Fields are separated by ``|``, which no field contains. First one line a trade,
sorted by the bytes of its key::

    <business key>|trade|<buyer>|<seller>|<price>|<tax>|<tax rate>|<fee>|<fee's tax rate>|<who bears the fee>

then one a further obligation (corrections, refunds of fees), sorted by its bytes::

    <business key>|<kind>|<debtor>|<creditor>|<amount>|<tax>|<tax rate>

where parties are their corporate numbers, or ``operator``. ``input_hash`` is SHA-256 over the currency and the
SHA-256 of each block of 1,024 lines joined by line feeds. ``trades_root`` is the Merkle root (RFC 6962) over all
lines in that order; blocks are a power of two long, so the tree over all lines is the tree over the roots of the
blocks, and one block at a time is in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from django.db import connection, transaction
from psycopg import ClientCursor

from marketplace.kernel.merkle import leaf_hash, merkle_root, node_hash

BLOCK_LINES = 1024
SORTING_MEMORY = "128MB"

_TRADES = """
    COPY (
        SELECT t.business_key, 'trade', t.buyer_key, t.seller_key, t.captured_price_minor, t.captured_tax_minor,
               t.tax_rate_bp, t.captured_fee_minor, t.fee_tax_rate_bp, t.fee_payer
          FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id AND t.state = 'accepted'
           AND t.buyer_id = o.debtor_id AND t.seller_id = o.creditor_id
           AND t.captured_price_minor = o.amount_minor AND t.captured_tax_minor = o.tax_minor
         WHERE o.cycle_id = %(cycle)s AND o.kind = 'purchase' ORDER BY t.business_key
    ) TO STDOUT (DELIMITER '|')
"""
_CORRECTIONS = """
    COPY (
        SELECT line FROM (
            SELECT concat_ws('|', t.business_key, o.kind,
                       CASE o.debtor_id WHEN t.buyer_id THEN t.buyer_key WHEN t.seller_id THEN t.seller_key
                            ELSE 'operator' END,
                       CASE o.creditor_id WHEN t.buyer_id THEN t.buyer_key WHEN t.seller_id THEN t.seller_key
                            ELSE coalesce(o.beneficiary_key, 'operator') END,
                       o.amount_minor, o.tax_minor, o.tax_rate_bp) AS line
              FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
             WHERE o.cycle_id = %(cycle)s AND o.kind NOT IN ('purchase', 'fee')
        ) further ORDER BY line COLLATE "C"
    ) TO STDOUT
"""


@dataclass(frozen=True, slots=True)
class InputDigest:
    """Hash over what a cycle clears, in hexadecimal, and how many lines that was."""

    input_hash: str
    lines: int


def input_digest(*, cycle_id: int, currency: str) -> InputDigest:
    """The hash over the lines of a cycle. A price that is not as its trade states it, or not accepted, has no line."""
    return digest_over(currency, input_lines(cycle_id))


def digest_over(currency: str, lines: Iterable[bytes]) -> InputDigest:
    """The hash over the currency and the hash of each block of lines."""
    digest = hashlib.sha256(f"{currency}\n".encode())
    count = 0
    for block in blocks(lines):
        digest.update(hashlib.sha256(b"\n".join(block)).digest())
        count += len(block)
    return InputDigest(digest.hexdigest(), count)


def trades_root(cycle_id: int) -> str:
    """The Merkle root over the lines of a cycle, in hexadecimal."""
    return root_over(input_lines(cycle_id)).hex()


def root_over(lines: Iterable[bytes]) -> bytes:
    """The Merkle root over lines in order: the root over the roots of their blocks."""
    return merkle_root([merkle_root([leaf_hash(line) for line in block]) for block in blocks(lines)])


def blocks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines by blocks of 1,024."""
    remaining = iter(lines)
    while block := list(islice(remaining, BLOCK_LINES)):
        yield block


def input_lines(cycle_id: int) -> Iterator[bytes]:
    """The lines of a cycle in order, as the database streams them."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('work_mem', %s, true)", [SORTING_MEMORY])
        yield from chain(_copied(_TRADES, cycle_id), _copied(_CORRECTIONS, cycle_id))


def _copied(query: str, cycle_id: int) -> Iterator[bytes]:
    with ClientCursor(connection.connection) as stream, stream.copy(query, {"cycle": cycle_id}) as rows:
        for row in rows:
            line = bytes(row)[:-1]
            # COPY writes a backslash as two.
            yield line.replace(b"\\\\", b"\\") if b"\\" in line else line


def output_hash(*, currency: str, positions: Mapping[str, tuple[int, ...]]) -> str:
    """The hash over net positions: party → its parts and its net, in the order they are stored; hexadecimal."""
    return hashlib.sha256(f"{currency}\n".encode() + b"\n".join(position_lines(positions))).hexdigest()


def positions_root(positions: Mapping[str, tuple[int, ...]]) -> str:
    """The Merkle root over the lines of net positions, in hexadecimal."""
    return merkle_root([leaf_hash(line) for line in position_lines(positions)]).hex()


def position_lines(positions: Mapping[str, tuple[int, ...]]) -> list[bytes]:
    """One line a party, ``<party>|<part>|…|<net>``, sorted by its bytes."""
    return sorted("|".join([party, *map(str, parts)]).encode() for party, parts in positions.items())


def cycle_root(trades: str, positions: str) -> str:
    """The node over ``trades_root`` and the root of the positions, in hexadecimal: what a cycle commits to."""
    return node_hash(bytes.fromhex(trades), bytes.fromhex(positions)).hex()
