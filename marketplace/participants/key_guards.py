"""Database guards of the organisations' keys."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

_SQL = Path(__file__).parent / "sql"


def key_of_organisation() -> pgtrigger.Trigger:
    """An owner or signatory of the organisation, which is not the operator, registers its key live, and revokes it.

    The database computes the thumbprint itself, so a key has one identifier and its row no private part.
    """
    return pgtrigger.Trigger(
        name="key_of_organisation",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("revoked_at", "revoked_by", "revoked_why"),
        declare=[("who", "text"), ("named", "jsonb"), ("canonical", "text")],
        func=sql_body(
            _SQL / "key_of_organisation.sql",
            ROLES=sql_list(sorted(RULES[Permission.KEYS_WRITE].participant)),
        ),
    )
