"""Who held a role at a moment that is over, as conditions of SQL for the checker."""

from __future__ import annotations

from collections.abc import Collection

from marketplace.kernel.guards import sql_list
from marketplace.kernel.permissions import RULES, Permission

CHANGING = RULES[Permission.PAYOUT_WRITE].participant | RULES[Permission.PAYOUT_WRITE].operator
ADMITTING = RULES[Permission.ADMISSION_WRITE].operator
WRITING = RULES[Permission.ORGANISATION_WRITE].participant | RULES[Permission.ORGANISATION_WRITE].operator
OPERATOR = "(SELECT o.id FROM participants_organisation o WHERE o.is_operator)"


def role_held(person: str, organisation: str, moment: str, roles: Collection[str]) -> str:
    """The condition that a ``person`` belonged to an ``organisation`` with one of ``roles`` at a ``moment``, all in SQL."""
    return (
        "EXISTS (SELECT FROM participants_user u JOIN participants_membership m ON m.user_id = u.id"
        " JOIN participants_rolegrant g ON g.membership_id = m.id"
        f" WHERE u.public_id = {person} AND m.organisation_id = {organisation} AND g.role IN ({sql_list(sorted(roles))})"
        f" AND g.granted_at <= {moment} AND coalesce(g.revoked_at, 'infinity') >= {moment}"
        f" AND coalesce(m.ended_at, 'infinity') >= {moment})"
    )
