"""Database guards of the recovery of owners."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

_SQL = Path(__file__).parent / "sql"


def recovered_rightly() -> pgtrigger.Trigger:
    """Two people of the operator who decide who takes part confirm a recovery; it concludes after its waiting time."""
    return pgtrigger.Trigger(
        name="recovered_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state", "transaction"),
        func=sql_body(
            _SQL / "recovered_rightly.sql",
            DECIDERS=sql_list(sorted(RULES[Permission.ADMISSION_WRITE].operator)),
        ),
    )
