"""Database guard of deferrals."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def deferrals_fit() -> pgtrigger.Trigger:
    """What is put off is of the cycle that is being netted, and goes on in full in the obligation that follows."""
    return pgtrigger.Trigger(
        name="deferrals_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "deferrals_fit.sql"),
    )
