"""Database guards that read bank statements."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def opened_by_statement() -> pgtrigger.Trigger:
    """Sending is opened by a statement imported after the restoration whose closing balance the ledger agrees with."""
    return pgtrigger.Trigger(
        name="opened_by_statement",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "opened_by_statement.sql"),
    )
