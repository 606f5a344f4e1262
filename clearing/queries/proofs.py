"""Proof that a trade is in a cycle, for whoever is party to it."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.errors import Missing
from marketplace.kernel.merkle import inclusion_proof, leaf_hash

from ..models import Cycle, NetPosition, Obligation, Trade
from ..models.cycles import POSITION_COLUMNS
from ..proofs import input_lines, positions_root
from ..states import ObligationKind


def trade_proof(trade: Trade) -> dict[str, Any]:
    """The trade's own line in its cycle, and the path of hashes from it to the cycle's public ``merkle_root``.

    Verify by RFC 9162 section 2.1.3.2 up to ``trades_root``; the cycle's root is the node over that and
    ``positions_root``. Hashes are hexadecimal. Raises Missing until the cycle is being settled.
    """
    obligation = (
        Obligation.objects.filter(trade=trade, kind=ObligationKind.PURCHASE).select_related("cycle").first()
    )
    cycle = obligation.cycle if obligation else None
    if cycle is None or cycle.merkle_root is None:
        raise Missing(kind="proof of the trade", identifier=trade.public_id)
    lines = list(input_lines(cycle.pk))
    beginning = f"{trade.business_key}|trade|".encode()
    index = next(at for at, line in enumerate(lines) if line.startswith(beginning))
    path = inclusion_proof([leaf_hash(line) for line in lines], index)
    return {
        "trade": trade.public_id,
        "cycle": cycle.public_id,
        "line": lines[index].decode(),
        "index": index,
        "size": len(lines),
        "path": [step.hex() for step in path],
        "trades_root": cycle.trades_root,
        "positions_root": positions_root(stored_positions(cycle)),
        "merkle_root": cycle.merkle_root,
    }


def stored_positions(cycle: Cycle) -> dict[str, tuple[int, ...]]:
    """The net positions of a cycle as they stand: party → parts and net, in the order they are hashed."""
    rows = NetPosition.objects.filter(cycle=cycle).values_list("party_key", *POSITION_COLUMNS, "net_minor")
    return {row[0]: tuple(row[1:]) for row in rows}
