"""Whether a row is held, in SQL, and the guard of every table from which held rows would be deleted.

``kernel.retention`` says of each table how a hold knows its rows. The guards stand on tables of other applications, so a
migration of this one makes them (``guard_held_tables``).
"""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import migrations

from marketplace.kernel.retention import HELD, HeldRows
from marketplace.participants.interest_guards import RECUSED

from .states import PERIOD_DAYS_MAX

IS_HELD = """
CREATE OR REPLACE FUNCTION public.is_held(names text[], moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (
        SELECT FROM public.oversight_legalhold h
         WHERE h.lifted_at IS NULL AND (h.subject = '' OR h.subject = ANY (names))
           AND moment >= coalesce(h.since, '-infinity') AND moment < coalesce(h.until, 'infinity'))
$$
"""
HELD_PARTIES = """
CREATE OR REPLACE FUNCTION public.held_parties(subject text) RETURNS TABLE (party text)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.public_id::text FROM public.participants_organisation o
     WHERE o.public_id IN (
         SELECT p.party FROM public.evidence_parties('', $1, '{}'::jsonb) p
         UNION SELECT p.organisation FROM public.evidence_recordparty p
                 JOIN public.evidence_evidencerecord e ON e.id = p.record_id WHERE e.subject = $1 OR e.public_id = $1
         UNION SELECT m.public_id FROM public.participants_organisation m
                 JOIN public.participants_membership s ON s.organisation_id = m.id
                 JOIN public.participants_user u ON u.id = s.user_id WHERE u.public_id = $1)
$$
"""
"""Whose a row is that a hold names (public identifier): whose the records about it are, and where a person is a member."""
GUARD = "held"


def guard_of(table: str, rows: HeldRows) -> str:
    """The statements that make the guard of one table."""
    return f"""
CREATE OR REPLACE FUNCTION public.{table}_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF public.is_held({rows.names_of("OLD")}, {rows.moment_of("OLD")}) THEN
        RAISE EXCEPTION 'row % of {table} is under a legal hold', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
DROP TRIGGER IF EXISTS {GUARD} ON public.{table};
CREATE TRIGGER {GUARD} BEFORE DELETE ON public.{table} FOR EACH ROW EXECUTE FUNCTION public.{table}_held();
"""


def guard_held_tables() -> migrations.RunPython:
    """The operation that makes the guards of all tables from which held rows would be deleted."""

    def make_guards(apps: Any, schema_editor: Any) -> None:
        for table, rows in HELD.items():
            if rows.is_guarded:
                schema_editor.execute(guard_of(table, rows), params=None)

    return migrations.RunPython(make_guards, migrations.RunPython.noop)


def parties_of_subject() -> pgtrigger.Trigger:
    """A hold names the parties of what it holds, so that people who are related to one do not lift it."""
    return pgtrigger.Trigger(
        name="parties_of_subject",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NEW.parties::text[] IS DISTINCT FROM ARRAY(
       SELECT p.party FROM public.held_parties(NEW.subject) p ORDER BY p.party COLLATE "C") THEN
    RAISE EXCEPTION 'what the hold names, %, has other parties', NEW.subject
        USING ERRCODE = 'check_violation', CONSTRAINT = 'parties_of_subject';
END IF;
RETURN NEW;
""",
    )


HELD_TOO_LONG = f"""
SELECT FROM unnest((SELECT range_agg(tstzrange(h.since, h.until)) FROM public.oversight_legalhold h
                     WHERE h.subject = '' AND h.lifted_at IS NULL)) p
HAVING sum(upper(p) - lower(p)) > interval '{PERIOD_DAYS_MAX} days'
"""  # noqa: S608  our own words
"""A row where the standing holds of periods are too long together."""


def periods_bounded() -> pgtrigger.Trigger:
    """Holds of periods side by side keep no more than one may; the operator's row is locked, so that no two are opened at once."""
    return pgtrigger.Trigger(
        name="periods_bounded",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__subject=""),
        func=f"""
PERFORM FROM public.participants_organisation o WHERE o.is_operator FOR NO KEY UPDATE;
IF EXISTS ({HELD_TOO_LONG}) THEN
    RAISE EXCEPTION 'the standing holds of periods have more than {PERIOD_DAYS_MAX} days together'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'periods_bounded';
END IF;
RETURN NULL;
""",
    )


def lifted_by_unrelated() -> pgtrigger.Trigger:
    """Nobody lifts a hold who has declared an interest in a party of what is held; without known parties, in nobody at all."""
    recused = " OR ".join(
        f"(NEW.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column} AND public.is_recused(NEW.{column}, o.id))"
        for column in ("lifted_by", "lifted_first")
    )
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("lifted_by", "lifted_first"),
        func=f"""
IF EXISTS (
    SELECT FROM public.participants_organisation o
     WHERE o.id IN (SELECT i.organisation_id FROM public.participants_staffinterest i) AND ({recused})
       AND (cardinality(NEW.parties) = 0 OR o.public_id = ANY (NEW.parties)
         OR o.public_id IN (SELECT p.party FROM public.held_parties(NEW.subject) p))) THEN
    RAISE EXCEPTION 'who has declared an interest in a party of what is held lifts no hold'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )
