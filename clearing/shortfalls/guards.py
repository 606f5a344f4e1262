"""Database guard of deferrals."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def deferrals_fit() -> pgtrigger.Trigger:
    """A deferral belongs to the cycle that is being netted; the obligation that continues it has its full amount."""
    return pgtrigger.Trigger(
        name="deferrals_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "deferrals_fit.sql"),
    )
