"""Whether a row is held, in SQL, and the guard of every table from which held rows would be deleted.

``kernel.retention`` says of each table how a hold knows its rows. The guards stand on tables of other applications, so a
migration of this one makes them (``guard_held_tables``).
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

from marketplace.kernel.retention import HELD, HeldRows

IS_HELD = """
CREATE OR REPLACE FUNCTION public.is_held(names text[], moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (
        SELECT FROM public.oversight_legalhold h
         WHERE h.lifted_at IS NULL AND (h.subject = '' OR h.subject = ANY (names))
           AND moment >= coalesce(h.since, '-infinity') AND moment < coalesce(h.until, 'infinity'))
$$
"""
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
