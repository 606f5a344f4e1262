"""Proof that a trade is in a cycle, for whoever is party to it."""

from __future__ import annotations

from typing import Any

from django.db import connection

from marketplace.kernel.errors import Missing

from ..lines import BLOCK_LINES, trade_line
from ..models import Trade
from ..proof_blocks import ProofTreeReader, stored_blocks
from ..proofs import root_over
from ..states import ProofTree

_LINE = f"SELECT {trade_line('t')} FROM clearing_trade t WHERE id = %s"  # noqa: S608  our own words


def trade_proof(trade: Trade) -> dict[str, Any]:
    """The trade's own line in its cycle, and the path of hashes from it to the cycle's public ``merkle_root``.

    Verify by RFC 9162 section 2.1.3.2 up to ``trades_root``; the cycle's root is the node over that and
    ``positions_root``. Hashes are hexadecimal. One block of lines is read, however large the cycle. Raises Missing
    until the cycle is netted.
    """
    cycle = trade.cycle
    if cycle is None or cycle.merkle_root is None:
        raise Missing(kind="proof of the trade", identifier=trade.public_id)
    with connection.cursor() as cursor:
        cursor.execute(_LINE, [trade.pk])
        line = str(cursor.fetchone()[0])
    tree = ProofTreeReader(cycle, ProofTree.TRADES)
    index = tree.place(trade.business_key, line.encode())
    path = [*tree.path(index), *tree.upper.path(index // BLOCK_LINES)]
    return {
        "trade": trade.public_id,
        "cycle": cycle.public_id,
        "line": line,
        "index": index,
        "size": tree.size,
        "path": [step.hex() for step in path],
        "trades_root": cycle.trades_root,
        "positions_root": root_over(stored_blocks(cycle, ProofTree.POSITIONS)),
        "merkle_root": cycle.merkle_root,
    }
