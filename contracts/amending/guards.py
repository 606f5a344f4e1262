"""Database guards of amendments: a version is what both parties signed over an agreement that stands, and changes nothing that is due."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from ..guards import held_unallowed

_SQL = Path(__file__).parent / "sql"

CREATE = sql_body(_SQL / "versions.sql")
"""The SQL functions of versions, which a migration makes: what was signed of an agreement, what of it governs a charge or a moment."""
DROP = """
DROP FUNCTION public.end_as_amended(jsonb, jsonb, timestamptz, timestamptz);
DROP FUNCTION public.plan_of_charge(text, integer);
DROP FUNCTION public.signed_in_force(bigint, timestamptz);
DROP FUNCTION public.signed_versions(bigint);
"""


def signed_versions_alone() -> str:
    """The function of what was signed as the migration of amendments made it, in place of the one that knows renewals (``renewing.guards``)."""
    first, _, _ = sql_body(_SQL / "versions.sql").partition("$$;")
    return first.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") + "$$;"


def amends_lawfully() -> pgtrigger.Trigger:
    """A negotiation begins with the buyer's request, unless it amends: then with either party's proposal, over an agreement in force
    of the same parties and data, whose end is not scheduled.

    The agreement's row is locked until the transaction ends.
    """
    return pgtrigger.Trigger(
        name="amends_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record")],
        func=sql_body(_SQL / "amends_lawfully.sql"),
    )


def version_as_signed() -> pgtrigger.Trigger:
    """A version is the next one, signed by both over an agreement in force, or by the market as both signed; it takes effect today or later and changes nothing that is due.

    The agreement's row is locked until the transaction ends: of its end, its expiry and this, one comes first.
    """
    return pgtrigger.Trigger(
        name="version_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record"), ("last", "record"), ("r", "record"), ("said", "jsonb"), ("charge", "jsonb"), ("signers", "text[]"), ("today", "date")],
        func=sql_body(_SQL / "version_as_signed.sql", HELD=held_unallowed("r.public_id")),
    )  # fmt: skip


def moves_end() -> pgtrigger.Trigger:
    """A version moves the end of its agreement, within which the agreement's own guard is the second."""
    return pgtrigger.Trigger(
        name="moves_end",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func="""
UPDATE public.contracts_agreement SET ends_at = NEW.ends_at, end_announced_at = NULL
 WHERE id = NEW.agreement_id AND ends_at IS DISTINCT FROM NEW.ends_at;
RETURN NULL;
""",
    )


def version_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that makes a version, its negotiation is finalized, and the case of its conclusion over; or its renewal is made."""
    return pgtrigger.Trigger(
        name="version_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
IF NEW.kind = 'amended' AND NOT EXISTS (SELECT FROM public.contracts_negotiation n WHERE n.id = NEW.negotiation_id AND n.state = 'finalized')
   OR NEW.kind = 'renewed' AND NOT EXISTS (
        SELECT FROM public.contracts_renewal r JOIN public.contracts_renewaldocument d ON d.renewal_id = r.id
         WHERE d.id = NEW.renewal_id AND r.state = 'renewed')
   OR EXISTS (SELECT FROM public.cases_case c JOIN public.contracts_negotiation n ON n.public_id = c.subject
               WHERE n.id = NEW.negotiation_id AND c.kind = 'conclusion' AND c.state = 'open') THEN
    RAISE EXCEPTION 'a version ends its negotiation, and the case of its conclusion, or its renewal'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_whole';
END IF;
RETURN NULL;
""",
    )
