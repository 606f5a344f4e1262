"""Database guards that read bank statements."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def opened_by_statement() -> pgtrigger.Trigger:
    """Sending is opened by a statement that was imported after the restoration and reaches its day, and that agrees.

    It agrees if the ledger had its closing balance. It reaches the day of the restoration in UTC at least; the service
    also knows the calendar, and wants the day on which the bank carries out what was handed to it before.
    """
    return pgtrigger.Trigger(
        name="opened_by_statement",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "opened_by_statement.sql"),
    )
