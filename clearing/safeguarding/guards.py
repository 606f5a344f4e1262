"""Database guards of segregation checks."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from ..bank.guards import GAP_DAYS_MAX

_SQL = Path(__file__).parent / "sql"


def relies_on_confirmed() -> pgtrigger.Trigger:
    """A check relies on a statement of its currency that a second person confirmed, and repeats what that states.

    A check of a day after the client account's first says which day was due, at most two weeks before; the service knows
    the calendar.
    """
    return pgtrigger.Trigger(
        name="relies_on_confirmed",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "relies_on_confirmed.sql", GAP_DAYS_MAX=GAP_DAYS_MAX),
    )
