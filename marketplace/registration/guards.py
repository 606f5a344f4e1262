"""Database guards of registration."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def bounded_draft(table: str, rows_max: int) -> pgtrigger.Trigger:
    """Rows of ``table`` belong to an application that is being prepared, which has at most ``rows_max`` of them.

    The application's row is locked until the transaction ends, so that it is not submitted meanwhile and rows are counted
    once.
    """
    return pgtrigger.Trigger(
        name="bounded_draft",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("found", "text"), ("owner", "bigint")],
        func=sql_body(_SQL / "bounded_draft.sql", TABLE=table, MAX=rows_max),
    )


def screened_first() -> pgtrigger.Trigger:
    """An application is reviewed and accepted after a screening, and with a reason where the newest found something."""
    return pgtrigger.Trigger(
        name="screened_first",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(new__state__in=("in_review", "confirming", "accepted")),
        func=sql_body(_SQL / "screened_first.sql"),
    )


def ended_screening_kept() -> pgtrigger.Trigger:
    """What a screening that has ended came to stays as it is; whoever assesses it adds only that."""
    return pgtrigger.Trigger(
        name="ended_screening_kept",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(old__ended_at__isnull=False),
        func=sql_body(_SQL / "ended_screening_kept.sql"),
    )
