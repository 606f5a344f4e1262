"""Database guards of declared interests: who has declared one to an organisation decides nothing about it.

Public: applications above register ``unrelated`` on their own tables. ``is_recused`` is the one home of who is recused.
"""

from __future__ import annotations

import pgtrigger

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


def unrelated(*columns: str, organisation: str = "organisation_id", name: str = RECUSED) -> pgtrigger.Trigger:
    """Nobody is written into ``columns`` who has declared an interest in the organisation (column of its key)."""
    recused = " OR ".join(
        f"(NEW.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column}"
        f" AND public.is_recused(NEW.{column}, NEW.{organisation}))"
        for column in columns
    )
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


def recused_then(person: str, organisation: str, moment: str) -> str:
    """Whether ``person`` had declared an interest in an organisation (key) before a moment, and not ended it, in SQL."""
    return (
        "EXISTS (SELECT FROM participants_staffinterest i"
        f" WHERE i.person = {person} AND i.organisation_id = {organisation} AND i.declared_at < {moment}"
        f" AND (i.ended_at IS NULL OR i.ended_at > {moment}))"
    )


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
