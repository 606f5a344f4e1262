"""Database guards of net positions and proof blocks."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from ..trades.lines import BLOCK_LINES

_SQL = Path(__file__).parent / "sql"


def positions_fit() -> pgtrigger.Trigger:
    """Positions are inserted, in any number of statements, while their cycle is validated and not netted yet.

    Their organisations exist.
    """
    return pgtrigger.Trigger(
        name="positions_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "positions_fit.sql"),
    )


def positions_sum_to_zero() -> pgtrigger.Trigger:
    """A cycle is netted only if its positions, all of them, sum to zero and agree with its recorded figures, and exactly what
    they need was set aside.

    A guard of cycles that reads positions, so it is declared here and registered on the table of cycles.
    """
    return pgtrigger.Trigger(
        name="positions_sum_to_zero",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(new__state="netted", old__state="validated"),
        declare=[("found", "record")],
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
