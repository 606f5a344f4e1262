"""Database guards of logins: who releases a locked one, and when a second factor is taken."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

from .membership_guards import DECLARED, OWNERS

_SQL = Path(__file__).parent / "sql"


def released_by_two() -> pgtrigger.Trigger:
    """Two people of the operator who decide who takes part release a locked login."""
    return pgtrigger.Trigger(
        name="released_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("released_at", "transaction"),
        func=sql_body(
            _SQL / "released_by_two.sql",
            DECIDERS=sql_list(sorted(RULES[Permission.ADMISSION_WRITE].operator)),
        ),
    )


def unlocked_rightly() -> pgtrigger.Trigger:
    """A login that ended is good again only by the release of its lock, in the same transaction."""
    return pgtrigger.Trigger(
        name="unlocked_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("is_active"),
        condition=pgtrigger.Q(old__is_active=False, new__is_active=True),
        func=sql_body(_SQL / "unlocked_rightly.sql"),
    )


def address_verified() -> pgtrigger.Trigger:
    """An address becomes a person's once a mail to it was answered: nobody takes an address that somebody else reads."""
    return pgtrigger.Trigger(
        name="address_verified",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("email"),
        condition=pgtrigger.Q(old__email__df=pgtrigger.F("new__email")),
        func=sql_body(_SQL / "address_verified.sql"),
    )


def reset_rightly() -> pgtrigger.Trigger:
    """An owner asks to reset another's second factor; two do at the operator; it is taken after the waiting time."""
    return pgtrigger.Trigger(
        name="reset_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        declare=[*DECLARED, ("partial", "boolean"), ("member", "text")],
        func=sql_body(_SQL / "reset_rightly.sql", OWNERS=OWNERS),
    )
