"""Who writes into the registers: conditions on people in SQL, for guards and for the checks of the whole database."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import OPERATOR, acted_at, acts_now, holders


def held(permissions: tuple[Permission, ...]) -> str:
    """The condition that role ``g`` at organisation ``o`` holds one of the permissions."""
    return "(" + " OR ".join(holders(permission) for permission in permissions) + ")"


def by_staff_or_member(
    person: str, organisation: str, *, staff: tuple[Permission, ...], member: Permission, name: str
) -> pgtrigger.Trigger:
    """Who is written into ``person`` acts for the participant in ``organisation``, or for the operator where that is NULL."""
    own = f"o.id = NEW.{organisation} AND NOT o.is_operator"
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT (NEW.{organisation} IS NULL AND {acts_now(f"NEW.{person}", holds=held(staff), organisation=OPERATOR)}
        OR NEW.{organisation} IS NOT NULL AND {acts_now(f"NEW.{person}", holds=holders(member), organisation=own)}) THEN
    RAISE EXCEPTION '% is nobody who may write this now', NEW.{person}
        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
END IF;
RETURN NULL;
""",
    )


def by_staff(
    person: str, permissions: tuple[Permission, ...], *, name: str, when: str = ""
) -> pgtrigger.Trigger:
    """Who is written into ``person`` acts for the operator now, with one of the permissions."""
    condition = f"({when}) AND " if when else ""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(person),
        func=f"""
IF {condition}NOT {acts_now(f"NEW.{person}", holds=held(permissions), organisation=OPERATOR)} THEN
    RAISE EXCEPTION '% is nobody of the operator who may write this now', NEW.{person}
        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
END IF;
RETURN NULL;
""",
    )


def acted_for(
    person: str, moment: str, permissions: tuple[Permission, ...], organisation: str = OPERATOR
) -> str:
    """Whether ``person`` held one of the permissions in ``organisation`` at a moment."""
    return acted_at(person, moment, holds=held(permissions), organisation=organisation)
