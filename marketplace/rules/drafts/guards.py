"""Database guards of drafts."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from .states import REPORT_DAYS_MAX

_SQL = Path(__file__).parent / "sql"


def published_as_drafted() -> pgtrigger.Trigger:
    """A draft that is over never changes, and one that is published has the text of its rulebook, and a report of the last days."""
    return pgtrigger.Trigger(
        name="published_as_drafted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "published_as_drafted.sql", REPORT_DAYS_MAX=REPORT_DAYS_MAX),
    )
