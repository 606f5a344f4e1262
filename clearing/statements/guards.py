"""Database guards of monthly statements and certificates of balance."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from ..ledger.queries import BY_VALUE

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


def certified_as_posted() -> pgtrigger.Trigger:
    """A certificate of balance states beside the bank's figure the ledger's by the bank's booking dates."""
    month_end = "(NEW.month + interval '1 month' - interval '1 day')::date"
    return pgtrigger.Trigger(
        name="certified_as_posted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "certified_as_posted.sql", BALANCE=BY_VALUE.format(currency="NEW.currency", day=month_end)
        ),
    )
