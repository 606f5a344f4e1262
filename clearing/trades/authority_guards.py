"""The database guard of what the people of a buyer secure by guarantees: within their limits of authority."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.participants.authority import APPOINTED

_SQL = Path(__file__).parent / "sql"


def ordered_with_authority() -> pgtrigger.Trigger:
    """At the end of its transaction, what somebody of a buyer with limits ordered is a commitment of the whole trade.

    The commitment has a guard of its own, which compares it with the limits. A court's trustee is bound by none.
    """
    return pgtrigger.Trigger(
        name="ordered_with_authority",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "ordered_with_authority.sql", APPOINTED=APPOINTED),
    )
