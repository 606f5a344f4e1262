"""Database guards of net positions and proof blocks."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from ..trades.lines import BLOCK_LINES

_SQL = Path(__file__).parent / "sql"


def positions_sum_to_zero() -> pgtrigger.Trigger:
    """One statement inserts all positions of a cycle, while it is validated; they sum to zero."""
    return pgtrigger.Trigger(
        name="positions_sum_to_zero",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "positions_sum_to_zero.sql"),
    )


def blocks_complete() -> pgtrigger.Trigger:
    """One statement inserts all blocks of a tree, before the step that hashes their lines advances the cycle."""
    return pgtrigger.Trigger(
        name="blocks_complete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "blocks_complete.sql", BLOCK_LINES=BLOCK_LINES),
    )
