"""Database guards of restitutions: what is given back was lost, once, and a term moves by nothing else."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from contracts.plan import SUSPENSION_DAYS_MAX
from marketplace.kernel.guards import sql_body
from marketplace.kernel.moments import LATE_SECONDS_MAX

_SQL = Path(__file__).parent / "sql"
LAPSES = f"""(OLD.stopped_by = '' AND NEW.resumed_at IS NULL
        AND OLD.suspended_at <= public.business_now() - interval '{SUSPENSION_DAYS_MAX} days')"""
"""Whether a suspension by the operator has lasted as long as it may, so that access opens by itself."""


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
        operation=pgtrigger.UpdateOf(
            "state", "expires_at", "expires_latest", "version", "suspended_at", "stopped_by"
        ),
        declare=[("amended", "record")],
        func=sql_body(_SQL / "term_stands_still.sql", LATE_SECONDS_MAX=LATE_SECONDS_MAX),
    )


def stopped_as_decided() -> pgtrigger.Trigger:
    """Access is stopped by a dispute over its agreement that ended with a stop of the use."""
    return pgtrigger.Trigger(
        name="stopped_as_decided",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("stopped_by"),
        func="""
IF NEW.stopped_by <> '' AND NOT EXISTS (
    SELECT FROM public.contracts_dispute d JOIN public.contracts_agreement a ON a.id = d.agreement_id
     WHERE d.public_id = NEW.stopped_by AND a.public_id = NEW.agreement AND d.outcome = 'stop_of_use') THEN
    RAISE EXCEPTION 'no dispute has stopped the use under %', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'stopped_as_decided';
END IF;
RETURN NEW;
""",
    )


def inspection_stands_still() -> pgtrigger.Trigger:
    """No inspection lapses while the operator suspends access; a delivery is repeated with what its dispute took."""
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
