"""Database guards of monthly statements and certificates of balance."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pgtrigger

from marketplace.kernel.guards import sql_body

from ..ledger.queries import BY_VALUE

CLOSE_MONTH: Final = "clearing.close_month"
CLOSE_APPROVED = (
    "EXISTS (SELECT FROM public.approvals_approval a WHERE a.public_id = {row}.approval AND a.state = 'approved'"
    f" AND a.command = '{CLOSE_MONTH}' AND a.subject = to_char({{row}}.month, 'YYYY-MM') AND a.ended_by = {{row}}.closed_by"
    " AND a.payload = jsonb_build_object('entries', {row}.entries, 'sha256', {row}.sha256))"
)
"""What two people approved of a month that is closed, about ``{row}``."""

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


def closed_by_two() -> pgtrigger.Trigger:
    """Two people close the books of a month, as both saw them."""
    return pgtrigger.Trigger(
        name="closed_by_two",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "closed_by_two.sql", APPROVED=CLOSE_APPROVED.format(row="NEW")),
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
