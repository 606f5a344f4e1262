"""Database guards: what is signed by a person's authority is within its limits, as its organisation stated them."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.kernel.permissions import Permission
from marketplace.participants.authority import LimitedAct, limit_sql, role_of

_SQL = Path(__file__).parent / "sql"
SIGNATORY = role_of(Permission.CONTRACTS_SIGN)


def signed_with_authority() -> pgtrigger.Trigger:
    """As soon as a party has stated limits, its signature comes with a commitment of the signer, or of its mandate's signer.

    The commitment has a guard of its own, which compares it with the limits. The organisation is locked against new
    statements until the transaction ends.
    """
    return pgtrigger.Trigger(
        name="signed_with_authority",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("acts", "text[]"), ("answers", "text")],
        func=sql_body(_SQL / "signed_with_authority.sql", SIGNATORY=SIGNATORY),
    )


def mandate_with_authority() -> pgtrigger.Trigger:
    """A mandate allows no price and no total that its signer could not sign and buy for, in one act and in a month."""
    limits = " UNION ALL ".join(
        "SELECT s.* FROM ({LIMIT}) s".replace(
            "{LIMIT}",
            limit_sql(
                row="NEW",
                act=f"'{act}'",
                role=f"'{SIGNATORY}'",
                person="NEW.signed_by",
                standing="l.effective_from <= NEW.signed_at",
            ),
        )
        for act in LimitedAct.values
    )
    return pgtrigger.Trigger(
        name="mandate_with_authority",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "mandate_with_authority.sql", LIMITS=limits),
    )
