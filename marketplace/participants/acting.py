"""Who may act for an organisation, in SQL. Whatever takes two people is guarded by these conditions, and verified by them.

Public: applications above register the guards on their own tables. ``kernel.permissions`` says which roles hold what; the
guards are generated from it, so a change of that table is a migration of theirs.
"""

from __future__ import annotations

from typing import Final

import pgtrigger
from django.db.models import F, Q

from marketplace.approvals.states import FIRST_ACTS, SECOND_ACTS
from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.permissions import RULES, WRITES, Permission

OPERATOR: Final = "o.is_operator"
"""The condition on an organisation ``o`` for what only the operator does."""
ENDED_BY_TWO: Final = (
    Q(ended_at__isnull=False, ended_by__regex=PERSON_PATTERN, end_first_person__regex=PERSON_PATTERN)
    & Q(end_reason__isnull=False)
    & ~Q(ended_by=F("end_first_person"))
    & ~Q(end_reason="")
)
"""That a row was ended by two people who state why: its columns ``ended_at``, ``ended_by``, ``end_first_person``, ``end_reason``."""


def holders(permission: Permission) -> str:
    """The condition that role ``g`` at organisation ``o`` holds one permission."""
    rows = ", ".join(f"({side}, '{role}')" for side, role in _roles(permission))
    return f"(o.is_operator, g.role) IN ({rows})"


def holders_of(permission: str) -> str:
    """The condition that role ``g`` at organisation ``o`` holds the permission in an SQL expression."""
    rows = ", ".join(
        f"('{name}', {side}, '{role}')" for name in sorted(WRITES) for side, role in _roles(name)
    )
    return f"({permission}, o.is_operator, g.role) IN ({rows})"


def _roles(permission: Permission) -> list[tuple[str, str]]:
    sides = {"false": RULES[permission].participant, "true": RULES[permission].operator}
    return [(side, role) for side, roles in sides.items() for role in sorted(roles)]


def acts_now(person: str, *, holds: str, organisation: str = OPERATOR, proved: bool = True) -> str:
    """Whether the SQL expression ``person`` names a natural person who may act now with a role that ``holds`` the permission.

    ``proved``: with a fresh proof of a second factor. ``person_guards`` says who acts.
    """
    return f"""EXISTS (
    SELECT FROM public.acting_roles({person}, {str(proved).lower()}) g
      JOIN public.participants_organisation o ON o.id = g.organisation_id
     WHERE {organisation} AND {holds})"""


def acted_at(person: str, moment: str, *, holds: str, organisation: str = OPERATOR) -> str:
    """Whether ``person`` was a natural person who held the permission in ``organisation`` at a moment of business time."""
    return f"""EXISTS (
    SELECT FROM participants_user u
      JOIN participants_membership m ON m.user_id = u.id
      JOIN participants_organisation o ON o.id = m.organisation_id
      JOIN participants_rolegrant g ON g.membership_id = m.id
     WHERE u.public_id = {person} AND {organisation} AND {holds}
       AND m.since <= {moment} AND (m.ended_at IS NULL OR m.ended_at >= {moment})
       AND g.granted_at <= {moment} AND (g.revoked_at IS NULL OR g.revoked_at >= {moment}))"""


def acted_by_person(
    column: str,
    permission: Permission,
    *,
    first: str = "",
    when: str = "",
    watched: tuple[str, ...] = (),
    proved: bool = True,
    name: str = "acted_by_person",
) -> pgtrigger.Trigger:
    """Who is written into ``column`` is a natural person of the operator who holds the permission, with a fresh proof.

    ``first``: the column of who gave the command first, a person who holds the permission too, if anybody is named there.
    ``when``: the condition on the row under which this is asked, instead of the column being written; ``watched``: the columns
    that it reads besides. ``proved``: whether the person must have a fresh proof now.
    """
    written = when or f"NEW.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column}"
    holds = holders(permission)
    fault = f"NOT {acts_now(f'NEW.{column}', holds=holds, proved=proved)}"
    if first:
        fault += f" OR NEW.{first} <> '' AND NOT {acts_now(f'NEW.{first}', holds=holds, proved=False)}"
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(column, *watched),
        func=f"""
IF ({written}) AND ({fault}) THEN
    RAISE EXCEPTION '% is no natural person of the operator who may do this now: it takes {permission}{
            " and a second factor that was proved just now" if proved else ""
        }', NEW.{column} USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
END IF;
RETURN NULL;
""",
    )


_OF_APPROVAL = "o.public_id = {row}.organisation"
_FIRST = """(
    {row}.first_responsible = {row}.first_person OR EXISTS (
        SELECT FROM {schema}participants_application p
          JOIN {schema}participants_organisation o ON o.id = p.organisation_id
          JOIN {schema}participants_user r ON r.id = p.responsible_id
         WHERE p.public_id = {row}.first_person AND r.public_id = {row}.first_responsible
           AND o.public_id = {row}.organisation AND {row}.permission = ANY (p.scopes)))"""


def approved_by_members() -> pgtrigger.Trigger:
    """An approval's first is a person of its organisation, or a program of it; its second is another person, with a fresh proof.

    Both, or who answers for the first, hold the approval's permission in the organisation when it is asked and when it is
    approved. Stands here and not with the table, whose floor knows no people.
    """
    of, holds = _OF_APPROVAL.format(row="NEW"), holders_of("NEW.permission")
    first = acts_now("NEW.first_responsible", holds=holds, organisation=of, proved=False)
    second = acts_now("NEW.ended_by", holds=holds, organisation=of)
    return pgtrigger.Trigger(
        name="approved_by_members",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=f"""
IF (TG_OP = 'INSERT' OR NEW.state = 'approved')
   AND NOT ({_FIRST.format(row="NEW", schema="public.")} AND {first}) THEN
    RAISE EXCEPTION '% may not give % for %', NEW.first_person, NEW.command, NEW.organisation
        USING ERRCODE = 'check_violation', CONSTRAINT = '{FIRST_ACTS}';
END IF;
IF NEW.state = 'approved' AND NOT {second} THEN
    RAISE EXCEPTION '% is no natural person who may approve % for % now', NEW.ended_by, NEW.command, NEW.organisation
        USING ERRCODE = 'check_violation', CONSTRAINT = '{SECOND_ACTS}';
END IF;
RETURN NULL;
""",
    )


def approvals_of_others() -> str:
    """The query of approvals by two of whom one was no person, no member or held no role for it at that moment."""
    of, holds = _OF_APPROVAL.format(row="a"), holders_of("a.permission")
    second = acted_at("a.ended_by", "a.ended_at", holds=holds, organisation=of)
    asked, ended = (
        acted_at("a.first_responsible", f"a.{moment}", holds=holds, organisation=of)
        for moment in ("asked_at", "ended_at")
    )
    program = "a.first_responsible = a.first_person OR starts_with(a.first_person, 'app_')"
    return (
        "SELECT a.public_id, a.organisation, a.command, a.first_person, a.ended_by FROM approvals_approval a"  # noqa: S608
        f" WHERE a.state = 'approved' AND NOT (({program}) AND {asked} AND {ended} AND {second})"
    )
