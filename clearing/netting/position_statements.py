"""A participant's signed position statement, from which it can recompute its own position."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from marketplace.evidence.signatures import sign
from marketplace.kernel.canonical import canonical_json
from marketplace.participants.queries import operator_organisation

from ..cycles.models import Cycle
from ..trades.lines import BLOCK_LINES, FURTHER_LINE, FURTHER_LINES, PAGE_LINES, leaf_of, trade_line
from .models import POSITION_COLUMNS, NetPosition
from .proof_blocks import PositionsTree, TradesTree
from .proofs import position_line, root_over

FORMAT = "sanpo.clearing.statement.v2"
LINES_A_CHUNK = 500
OPERATOR = "operator"

_OWN_LINES = f"""
    SELECT line FROM (
        SELECT {trade_line("t")} AS line, t.leaf FROM clearing_trade t
         WHERE t.cycle_id = %(cycle)s AND (%(all)s OR t.buyer_id = %(party)s OR t.seller_id = %(party)s)
        UNION ALL
        SELECT line, {leaf_of("line")} FROM ({FURTHER_LINES}) further_lines
         WHERE %(all)s OR debtor_id = %(party)s OR creditor_id = %(party)s
    ) own ORDER BY leaf
"""  # noqa: S608  our own words
_DEFERRED_LINES = f"""
    SELECT {FURTHER_LINE} FROM clearing_obligation o
      JOIN clearing_obligation earlier ON earlier.id = o.deferred_from_id AND earlier.cycle_id = %(cycle)s
      JOIN clearing_trade t ON t.id = o.trade_id
     WHERE %(all)s OR o.debtor_id = %(party)s OR o.creditor_id = %(party)s ORDER BY 1
"""  # noqa: S608  our own words


def position_statement(position: NetPosition) -> Iterator[bytes]:
    """The position statement as JSON, ``{"statement": …, "signature": …}``, in pieces.

    It contains the position's line, every line of the participant's own trades and further obligations, each with the
    15 other leaf hashes of its page and the path from the page to the root of its block of 1,024 lines, and the roots
    of all blocks, so a path is six hashes long for a cycle of any size. Deferrals come with their lines in the
    next cycle. The signature is a compact JWS over the SHA-256 of the statement's canonical JSON (RFC 8785), in which
    form it is written here. Lines are streamed in chunks, so memory does not grow with their number. The operator, a
    party of every fee, gets every line of the cycle.
    """
    cycle = position.cycle
    digest = hashlib.sha256()
    yield b'{"statement":'
    with transaction.atomic():
        for piece in _pieces(position):
            digest.update(piece)
            yield piece
    signed = {
        "format": FORMAT,
        "cycle": cycle.business_key,
        "party": position.party_key,
        "merkle_root": cycle.merkle_root,
        "sha256": digest.hexdigest(),
    }
    yield b',"signature":' + canonical_json(sign(signed)) + b"}"


def _pieces(position: NetPosition) -> Iterator[bytes]:
    """The canonical JSON of the statement: members in the order of their names, lines in chunks."""
    trades = TradesTree(position.cycle)
    scope = {
        "cycle": position.cycle_id,
        "party": position.organisation_id,
        "all": position.organisation_id == operator_organisation().id,
    }
    members = _members_without_lines(position, trades, scope)
    for number, name in enumerate(sorted([*members, "lines"])):
        yield (b"," if number else b"{") + canonical_json(name) + b":"
        if name == "lines":
            yield from _line_pieces(trades, scope)
        else:
            yield canonical_json(members[name])
    yield b"}"


def _members_without_lines(
    position: NetPosition, trades: TradesTree, scope: dict[str, Any]
) -> dict[str, Any]:
    """All members but the lines."""
    cycle: Cycle = position.cycle
    tree = PositionsTree(cycle)
    parts = tuple(getattr(position, name) for name in (*POSITION_COLUMNS, "net_minor"))
    line = position_line(position.party_key, parts)
    proof = tree.proof(line)
    with connection.cursor() as cursor:
        cursor.execute(_DEFERRED_LINES, scope)
        deferred = [row[0] for row in cursor.fetchall()]
    return {
        "format": FORMAT,
        "party": position.party_key,
        "name_in_lines": OPERATOR if scope["all"] else position.party_key,
        "cycle": {
            "business_key": cycle.business_key,
            "currency": cycle.currency,
            "trades": cycle.trades,
            "input_hash": cycle.input_hash,
            "output_hash": cycle.output_hash,
            "trades_root": cycle.trades_root,
            "positions_root": root_over(tree.blocks),
            "merkle_root": cycle.merkle_root,
        },
        "position": {
            "parts": [*POSITION_COLUMNS, "net_minor"],
            "line": line.decode(),
            "index": proof.index,
            "size": tree.size,
            "page": [leaf.hex() for leaf in proof.page],
            "path": [step.hex() for step in (*proof.path, *proof.upper)],
        },
        "size": trades.size,
        "page_lines": PAGE_LINES,
        "block_lines": BLOCK_LINES,
        "block_roots": [block.root for block in trades.blocks],
        "deferred": deferred,
    }


def _line_pieces(trades: TradesTree, scope: dict[str, Any]) -> Iterator[bytes]:
    """The participant's lines with their indexes and paths, in tree order."""
    yield b"["
    separator = b""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_OWN_LINES, scope)
        while rows := cursor.fetchmany(LINES_A_CHUNK):
            written = []
            for (line,) in rows:
                proof = trades.proof(line.encode())
                page, path = ([step.hex() for step in steps] for steps in (proof.page, proof.path))
                written.append(
                    canonical_json({"line": line, "index": proof.index, "page": page, "path": path})
                )
            yield separator + b",".join(written)
            separator = b","
    yield b"]"
