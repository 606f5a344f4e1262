"""Database guards of events that are written by hand."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

SQL = Path(__file__).parent / "sql"


def event_exists() -> pgtrigger.Trigger:
    """Every new inbox entry belongs to an event of the outbox, in place of a foreign key, which no archive could leave."""
    return pgtrigger.Trigger(
        name="event_exists",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="entered"),
        func=sql_body(SQL / "event_exists.sql"),
    )
