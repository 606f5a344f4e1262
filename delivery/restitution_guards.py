"""Database guards of restitutions: what is given back was lost, once, and a term moves by nothing else."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.kernel.moments import LATE_SECONDS_MAX

_SQL = Path(__file__).parent / "sql"


def restored_as_lost() -> pgtrigger.Trigger:
    """What is given back was lost for the cause that is stated, was not given back before, and is not beyond what was signed.

    The entitlement is locked until the transaction ends, so of two restitutions the second sees the first.
    """
    return pgtrigger.Trigger(
        name="restored_as_lost",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("e", "record")],
        func=sql_body(_SQL / "restored_as_lost.sql"),
    )


def prolongs() -> pgtrigger.Trigger:
    """A restitution moves the end of the term, and of a running inspection, as it is written."""
    return pgtrigger.Trigger(
        name="prolongs",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "prolongs.sql"),
    )


def term_stands_still() -> pgtrigger.Trigger:
    """A term moves by restitutions and versions of the agreement alone; access is resumed with what its suspension took; no term ends while access is closed."""
    return pgtrigger.Trigger(
        name="term_stands_still",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state", "expires_at", "expires_latest", "version", "suspended_at"),
        declare=[("amended", "record")],
        func=sql_body(_SQL / "term_stands_still.sql", LATE_SECONDS_MAX=LATE_SECONDS_MAX),
    )


def inspection_stands_still() -> pgtrigger.Trigger:
    """No inspection lapses while access is suspended; a delivery is repeated with what its dispute took."""
    return pgtrigger.Trigger(
        name="inspection_stands_still",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "inspection_stands_still.sql", LATE_SECONDS_MAX=LATE_SECONDS_MAX),
    )


def outage_of_incident() -> pgtrigger.Trigger:
    """An outage is registered as an incident of unavailability by the operator: it is public, a participant's is not.

    It does not begin before the first organisation was registered: there was no market.
    """
    return pgtrigger.Trigger(
        name="outage_of_incident",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "outage_of_incident.sql"),
    )
