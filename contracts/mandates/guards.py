"""Database guards of mandates: who signs and revokes them, and what a program signs within them."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

_SQL = Path(__file__).parent / "sql"
SIGNATORIES = sql_list(sorted(RULES[Permission.CONTRACTS_SIGN].participant))
HOLDS_ROLE = """EXISTS (
    SELECT FROM public.participants_membership membership
      JOIN public.participants_user person ON person.id = membership.user_id AND person.public_id = {PERSON}
       AND person.is_active
      JOIN public.participants_rolegrant held
        ON held.membership_id = membership.id AND held.role IN ({ROLES}) AND held.revoked_at IS NULL
     WHERE membership.organisation_id = {FIRM} AND membership.ended_at IS NULL
)"""
"""Whether a person whose login is not locked is a member of an organisation now, with one of the roles."""


def holds_role(person: str, firm: str, roles: str) -> str:
    """``HOLDS_ROLE`` for the SQL expressions of a person and an organisation."""
    return HOLDS_ROLE.replace("{PERSON}", person).replace("{FIRM}", firm).replace("{ROLES}", roles)


def mandate_signed() -> pgtrigger.Trigger:
    """A signatory who proved a second factor just before signs a mandate for a program and a live key of its organisation; an
    owner or signatory revokes it.

    The system revokes one whose signer is no signatory any more.
    """
    return pgtrigger.Trigger(
        name="mandate_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("revoked_at", "revoked_by"),
        func=sql_body(
            _SQL / "mandate_signed.sql",
            SIGNS=holds_role("NEW.signed_by", "NEW.organisation_id", SIGNATORIES),
            REVOKES=holds_role(
                "NEW.revoked_by",
                "NEW.organisation_id",
                sql_list(sorted(RULES[Permission.KEYS_WRITE].participant)),
            ),
            SIGNATORIES=SIGNATORIES,
            SCOPE=Permission.CONTRACTS_SUBMIT.value,
        ),
    )


def within_mandate() -> pgtrigger.Trigger:
    """A program signs only with its organisation's key, within every limit of a mandate that has not ended.

    The mandate's row is locked until the transaction ends, so the signatures within it are added up one by one.
    """
    return pgtrigger.Trigger(
        name="within_mandate",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("m", "record"), ("n", "record"), ("terms", "jsonb"), ("signed", "numeric")],
        func=sql_body(
            _SQL / "within_mandate.sql", SIGNS=holds_role("m.signed_by", "m.organisation_id", SIGNATORIES)
        ),
    )
