"""Database guards of who belongs to an organisation, how it came to that, and which roles it holds."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES

_SQL = Path(__file__).parent / "sql"
OWNERS = """
    SELECT coalesce(array_agg(u.public_id), '{EMPTY}') INTO owners
      FROM public.participants_membership m
      JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.role = 'owner' AND g.revoked_at IS NULL
      JOIN public.participants_user u ON u.id = m.user_id
     WHERE m.organisation_id = firm AND m.ended_at IS NULL;
""".replace("{EMPTY}", "{}")
"""Into ``owners``: the identifiers of the present owners of the organisation ``firm``."""
DECLARED = [("firm", "bigint"), ("owners", "text[]")]


def staff_apart() -> pgtrigger.Trigger:
    """Who belongs to the operator belongs to no other organisation, and the other way round.

    The person's row is locked until the transaction ends, so two memberships are not added at the same time.
    """
    return pgtrigger.Trigger(
        name="staff_apart",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "staff_apart.sql"),
    )


def role_fits() -> pgtrigger.Trigger:
    """Roles of the operator are granted at the operator only, roles of participants elsewhere only."""
    return pgtrigger.Trigger(
        name="role_fits",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("partial", "boolean")],
        func=sql_body(
            _SQL / "role_fits.sql",
            OPERATOR=sql_list(sorted(OPERATOR_ROLES)),
            PARTICIPANT=sql_list(sorted(PARTICIPANT_ROLES)),
        ),
    )


def invited_rightly() -> pgtrigger.Trigger:
    """An invitation is opened by an owner, by two where that takes two, or by the system where there is no owner or for an
    appointed trustee; and is
    accepted in time, with a token that was sent, while who invited or confirmed it is an owner.

    The organisation's row is locked until the transaction ends, so that its owners stay what they are.
    """
    return pgtrigger.Trigger(
        name="invited_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        declare=[*DECLARED, ("partial", "boolean")],
        func=sql_body(_SQL / "invited_rightly.sql", OWNERS=OWNERS),
    )


def joined_by_invitation() -> pgtrigger.Trigger:
    """A person joins by an invitation to its own address that it accepted, or is made by the system in this transaction."""
    return pgtrigger.Trigger(
        name="joined_by_invitation",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "joined_by_invitation.sql"),
    )


def role_granted_rightly() -> pgtrigger.Trigger:
    """A role comes with the joining, or by a change of the membership that is done in this transaction."""
    return pgtrigger.Trigger(
        name="role_granted_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "role_granted_rightly.sql"),
    )


def changed_rightly() -> pgtrigger.Trigger:
    """A change of a membership is of an owner or of the member itself, and of two owners where that takes two; a trustee
    takes access away alone."""
    return pgtrigger.Trigger(
        name="changed_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state", "transaction"),
        declare=[
            *DECLARED,
            ("partial", "boolean"),
            ("member", "text"),
            ("is_owners", "boolean"),
            ("recovered", "boolean"),
            ("trusted", "boolean"),
        ],
        func=sql_body(_SQL / "changed_rightly.sql", OWNERS=OWNERS),
    )


def owner_revoked_rightly() -> pgtrigger.Trigger:
    """The role of an owner is revoked by a change that is done in this transaction, and never that of the last one."""
    return pgtrigger.Trigger(
        name="owner_revoked_rightly",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("revoked_at"),
        condition=pgtrigger.Q(new__role="owner", old__revoked_at__isnull=True, new__revoked_at__isnull=False),
        declare=DECLARED,
        func=sql_body(_SQL / "owner_revoked_rightly.sql", OWNERS=OWNERS),
    )


def owner_leaves_rightly() -> pgtrigger.Trigger:
    """The membership of an owner ends by a change that is done in this transaction, and never that of the last one."""
    return pgtrigger.Trigger(
        name="owner_leaves_rightly",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("ended_at"),
        condition=pgtrigger.Q(old__ended_at__isnull=True, new__ended_at__isnull=False),
        declare=DECLARED,
        func=sql_body(_SQL / "owner_leaves_rightly.sql", OWNERS=OWNERS),
    )
