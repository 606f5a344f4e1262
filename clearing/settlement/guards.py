"""Database guards of settlement instructions."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def replaces_failed() -> pgtrigger.Trigger:
    """A payment is made again only if it has failed, for the same purpose and payee, and for no more."""
    return pgtrigger.Trigger(
        name="replaces_failed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "replaces_failed.sql"),
    )


def payments_covered() -> pgtrigger.Trigger:
    """What is being paid to a participant stands on its receivable account, to the last unit.

    The operator, who has no accounts of a participant, takes out what it earned.
    """
    return pgtrigger.Trigger(
        name="payments_covered",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "payments_covered.sql"),
    )
