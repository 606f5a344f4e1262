"""Database guards of declared interests: who has declared one to an organisation decides nothing about it.

Public: applications above register ``unrelated`` on their own tables. ``is_recused`` is the one home of who is recused.
"""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission

from .acting import acted_at, acts_now, holders

DECIDES = (
    Permission.ACCESS_OPEN,
    Permission.ADMISSION_WRITE,
    Permission.CLEARING_WRITE,
    Permission.DISPUTES_WRITE,
    Permission.ORGANISATION_WRITE,
    Permission.RULEBOOK_WRITE,
    Permission.SUPPORT_WRITE,
    Permission.TRADING_HALT,
)
"""What people of the operator decide about participants, and who appoints them; each is left to two whom no colleague recused.

Every guard that asks for interests is of what one of these takes (``tests/participants/test_recusals.py``).
"""
ENDS = (Permission.ADMISSION_WRITE, Permission.ORGANISATION_WRITE)
"""Who ends interests, by two: who admits participants, or the operator's owners."""
_ENDS = "(" + " OR ".join(holders(permission) for permission in ENDS) + ")"
_LEFT_MIN = 2
_OTHERS = """SELECT count(DISTINCT other.id) FROM public.participants_organisation staffed
      JOIN public.participants_membership held ON held.organisation_id = staffed.id
      JOIN public.participants_user other ON other.id = held.user_id
     WHERE staffed.is_operator AND other.public_id NOT IN ({person}, {declared_by})"""
"""Counts the people of the operator but two, in SQL up to a further condition on ``other``."""

CREATE = """
CREATE OR REPLACE FUNCTION public.is_recused(person text, organisation bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.participants_staffinterest i
         WHERE i.person = $1 AND i.organisation_id = $2 AND i.ended_at IS NULL)
$$;
"""
DROP = "DROP FUNCTION public.is_recused(text, bigint);"

RECUSED = "recused"
"""The constraint that the guard names."""


def unrelated(
    *columns: str, organisation: str = "organisation_id", of: str = "", name: str = RECUSED
) -> pgtrigger.Trigger:
    """Nobody is written into ``columns`` who has declared an interest in the organisation (column of its key).

    ``of``: a query of the keys in SQL over the row ``NEW``, where no column has it, or it is about several.
    """
    key = "c.id" if of else f"NEW.{organisation}"
    recused = " OR ".join(
        f"(NEW.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column}"
        f" AND public.is_recused(NEW.{column}, {key}))"
        for column in columns
    )
    if of:
        recused = f"EXISTS (SELECT FROM ({of}) AS c (id) WHERE {recused})"
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(*columns),
        func=f"""
IF {recused} THEN
    RAISE EXCEPTION '%: who has declared an interest in the organisation decides nothing about it', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )


def recused_then(person: str, organisation: str, moment: str, *, alias: str = "i") -> str:
    """Whether ``person`` had declared an interest in an organisation (key) before a moment, and not ended it, in SQL.

    ``alias``: of the interests, where the query knows others by ``i``.
    """
    return (
        f"EXISTS (SELECT FROM participants_staffinterest {alias}"
        f" WHERE {alias}.person = {person} AND {alias}.organisation_id = {organisation}"
        f" AND {alias}.declared_at < {moment} AND ({alias}.ended_at IS NULL OR {alias}.ended_at > {moment}))"
    )


def decided_unrelated(person: str, organisation: str, moment: str) -> str:
    """Whether ``person`` of the operator, who admits participants and had no interest in an organisation (key), acted at a
    moment, in SQL.
    """
    admits = acted_at(person, moment, holds=holders(Permission.ADMISSION_WRITE))
    return f"({admits} AND NOT {recused_then(person, organisation, moment)})"


def interest_in_participant() -> pgtrigger.Trigger:
    """An interest is declared in a participant, not in the operator, and stands when it begins."""
    return pgtrigger.Trigger(
        name="interest_in_participant",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NEW.ended_at IS NOT NULL OR EXISTS (
    SELECT FROM public.participants_organisation o WHERE o.id = NEW.organisation_id AND o.is_operator) THEN
    RAISE EXCEPTION 'an interest is declared in a participant, and stands until two people end it'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def leaves_too_few(person: str, declared_by: str, organisation: str) -> str:
    """Whether too few were left to decide about an organisation (key) if ``declared_by`` recused ``person``, in SQL.

    Of those who hold what ``person`` holds, at least two others must be left who act now and have no interest declared.
    """
    return " OR ".join(
        f"({acts_now(person, holds=holders(permission), proved=False)} AND ("
        f"{_OTHERS.format(person=person, declared_by=declared_by)}"
        f" AND NOT public.is_recused(other.public_id, {organisation})"
        f" AND {acts_now('other.public_id', holds=holders(permission), proved=False)}) < {_LEFT_MIN})"
        for permission in DECIDES
    )


def left_too_few(person: str, declared_by: str, organisation: str, moment: str) -> str:
    """Whether too few were left at ``moment``, as ``leaves_too_few`` asks it of now."""
    return " OR ".join(
        f"({acted_at(person, moment, holds=holders(permission))} AND ("
        f"{_OTHERS.format(person=person, declared_by=declared_by)}"
        f" AND NOT {recused_then('other.public_id', organisation, moment, alias='earlier')}"
        f" AND {acted_at('other.public_id', moment, holds=holders(permission))}) < {_LEFT_MIN})"
        for permission in DECIDES
    )


def deciders_left() -> pgtrigger.Trigger:
    """Nobody recuses a colleague where too few would be left to decide; the operator's row is locked, so no two do at once."""
    return pgtrigger.Trigger(
        name="deciders_left",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NEW.declared_by <> NEW.person THEN
    PERFORM FROM public.participants_organisation WHERE is_operator FOR NO KEY UPDATE;
    IF {leaves_too_few("NEW.person", "NEW.declared_by", "NEW.organisation_id")} THEN
        RAISE EXCEPTION 'fewer than two would be left to decide about the organisation'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deciders_left';
    END IF;
END IF;
RETURN NULL;
""",
    )


def ends_interests(person: str, moment: str) -> str:
    """Whether a person of the operator held at a moment what it takes to end interests, in SQL."""
    return acted_at(person, moment, holds=_ENDS)


def interest_ended_by_staff() -> pgtrigger.Trigger:
    """Who ends an interest are two natural persons of the operator who may, the second with a fresh proof."""
    second = acts_now("NEW.ended_by", holds=_ENDS)
    first = acts_now("NEW.end_first_person", holds=_ENDS, proved=False)
    return pgtrigger.Trigger(
        name="ended_by_staff",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("ended_by", "end_first_person"),
        func=f"""
IF NEW.ended_by <> '' AND NEW.ended_by IS DISTINCT FROM OLD.ended_by AND NOT ({second} AND {first}) THEN
    RAISE EXCEPTION '% and % are no natural persons of the operator who may do this now', NEW.end_first_person, NEW.ended_by
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_by_staff';
END IF;
RETURN NULL;
""",
    )
