"""Reads net positions, and makes the inclusion proof of a trade."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing

from ..ground.scopes import own_key
from ..trades.lines import trade_line
from ..trades.models import Trade
from .models import NetPosition
from .proof_blocks import TradesTree, stored_blocks
from .proofs import root_over
from .states import ProofTree


def visible_positions(actor: Actor) -> QuerySet[NetPosition]:
    """Net positions of the actor's organisation in netted cycles; all of these for the operator."""
    positions = NetPosition.objects.select_related("cycle").filter(cycle__netted_at__isnull=False)
    return positions if actor.may_see() else positions.filter(organisation_id=own_key(actor))


_LINE = f"SELECT {trade_line('t')} FROM clearing_trade t WHERE id = %s"  # noqa: S608  our own words


def trade_proof(trade: Trade) -> dict[str, Any]:
    """The trade's line in its cycle, and the hashes that lead from it to the cycle's public ``merkle_root``.

    The hash of a page is SHA-256 of 0x01 and its leaf hashes: the line's own (SHA-256 of 0x00 and the line) at place
    ``index`` modulo 16, and those in ``page``. From there ``path`` leads to ``trades_root`` (RFC 9162 section 2.1.3.2,
    page ``index`` // 16 of the pages that ``size`` lines fill); the cycle's root is the node over that and
    ``positions_root``. Hashes are hexadecimal. Reads one block of trades and the few leaf hashes of further lines, for
    a cycle of any size. Raises Missing until the cycle is netted.
    """
    cycle = trade.cycle
    if cycle is None or cycle.merkle_root is None:
        raise Missing(kind="proof of the trade", identifier=trade.public_id)
    with connection.cursor() as cursor:
        cursor.execute(_LINE, [trade.pk])
        line = str(cursor.fetchone()[0])
    tree = TradesTree(cycle)
    proof = tree.proof(line.encode())
    return {
        "trade": trade.public_id,
        "cycle": cycle.public_id,
        "line": line,
        "index": proof.index,
        "size": tree.size,
        "page": [leaf.hex() for leaf in proof.page],
        "path": [step.hex() for step in (*proof.path, *proof.upper)],
        "trades_root": cycle.trades_root,
        "positions_root": root_over(stored_blocks(cycle, ProofTree.POSITIONS)),
        "merkle_root": cycle.merkle_root,
    }
