"""Database guards of the recovery of owners."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

from .bounds import RECOVERY_BUSINESS_DAYS

_SQL = Path(__file__).parent / "sql"


def recovered_rightly() -> pgtrigger.Trigger:
    """Two people of the operator who decide who takes part confirm a recovery; it concludes after its waiting time.

    That is counted in the bank days that a database knows.
    """
    return pgtrigger.Trigger(
        name="recovered_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state", "transaction"),
        func=sql_body(
            _SQL / "recovered_rightly.sql",
            WAITING_DAYS=RECOVERY_BUSINESS_DAYS,
            DECIDERS=sql_list(sorted(RULES[Permission.ADMISSION_WRITE].operator)),
        ),
    )
