"""Database guards of monthly statements."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def month_unfinished() -> pgtrigger.Trigger:
    """A finished month takes no further statement."""
    return pgtrigger.Trigger(
        name="month_unfinished",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "month_unfinished.sql"),
    )
