"""Database guards of limits of authority: who states and raises them, and that every act is within the limit of its person."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

from .authority import ROLES, WAITING_DAYS_MIN, in_month, limit_sql

_SQL = Path(__file__).parent / "sql"
RAISE_COMMAND = "participants.raise_authority_limit"
"""The command that two owners give to allow more."""
OWNERS = sql_list(sorted(RULES[Permission.MEMBERS_WRITE].participant))
_EACH = " ".join(f"WHEN '{act}' THEN ARRAY[{sql_list(roles)}]" for act, roles in ROLES.items())
ROLES_OF_ACT = f"CASE NEW.act {_EACH} END"
"""The roles that an act is limited for, in SQL."""
MORE = " OR ".join(
    f"was.{column} IS NOT NULL AND (is_now.{column} IS NULL OR is_now.{column} > was.{column})"
    for column in ("per_act_minor", "per_month_minor")
)
"""Whether the limit that ``is_now`` allows more than the one that ``was``, in SQL."""
_NOW = "l.effective_from <= NEW.stated_at"


def limit_rightly_stated() -> pgtrigger.Trigger:
    """An owner states a limit for a role or a member; what allows more takes another owner, if there is one, and waits.

    The organisation's row is locked until the transaction ends, so acts come before or after the statement.
    """
    of_role = {"row": "NEW", "role": "of_role"}
    return pgtrigger.Trigger(
        name="limit_rightly_stated",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        declare=[("of_role", "text"), ("was", "record"), ("is_now", "record"), ("more", "boolean")],
        func=sql_body(
            _SQL / "limit_rightly_stated.sql",
            OWNERS=OWNERS,
            ROLES_OF_ACT=ROLES_OF_ACT,
            MORE=MORE,
            BEFORE=limit_sql(**of_role, standing=f"l.id <> NEW.id AND {_NOW}"),
            AFTER=limit_sql(**of_role, standing=f"(l.id = NEW.id OR {_NOW})"),
            COMMAND=RAISE_COMMAND,
            WAITING_DAYS=WAITING_DAYS_MIN,
        ),
    )


def within_authority() -> pgtrigger.Trigger:
    """An act that commits an organisation is of a member in the role, and with its month within the limit that stands.

    The organisation is locked against new statements, and the membership against another act, until the transaction ends.
    """
    return pgtrigger.Trigger(
        name="within_authority",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("held", "record"), ("before", "numeric")],
        func=sql_body(
            _SQL / "within_authority.sql",
            LIMIT=limit_sql(row="NEW", standing="l.effective_from <= NEW.committed_at"),
            IN_MONTH=in_month("c.committed_at", "NEW.committed_at"),
        ),
    )
