"""The database guard of the operator's neutrality: neither the operator nor its affiliate is a party of a trade."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def independent_traders() -> pgtrigger.Trigger:
    """A new trade has no party that is the operator or its affiliate.

    An agreement is guarded alike (contracts); this holds for trades that follow from none, and for later charges.
    """
    return pgtrigger.Trigger(
        name="independent_traders",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("partial", "record")],
        func=sql_body(_SQL / "independent_traders.sql"),
    )
