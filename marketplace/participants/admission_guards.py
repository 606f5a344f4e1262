"""Database guards of admissions with an end: how they end and are renewed, and that nothing begins under one that has ended."""

from __future__ import annotations

import pgtrigger

from .admission_terms import RENEWED_WITHIN
from .qualification_guards import TODAY

IN_FORCE = f"""EXISTS (
    SELECT FROM public.participants_qualification q WHERE q.organisation_id = {{organisation}} AND q.kind_id = {{kind}}
       AND q.state = 'verified' AND q.valid_from <= {TODAY} AND (q.valid_until IS NULL OR q.valid_until >= {TODAY}))"""
"""Whether an organisation has a verified qualification of a kind (keys) that holds today, in SQL."""
WAITS = """EXISTS (
    SELECT FROM public.participants_qualification q WHERE q.organisation_id = {organisation} AND q.kind_id = {kind}
       AND q.state = 'stated' AND (q.stated_at AT TIME ZONE 'Asia/Tokyo')::date <= {due_on})"""
"""Whether a qualification that was stated in time still waits for the operator, in SQL."""

CREATE = f"""
CREATE OR REPLACE FUNCTION public.admission_ran_out(organisation bigint, segment text, capacity text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(bool_or(a.state IN ('expired', 'lapsed') OR a.state = 'admitted' AND a.expires_on < {TODAY})
                    AND NOT bool_or(a.state = 'admitted' AND (a.expires_on IS NULL OR a.expires_on >= {TODAY})), false)
      FROM public.participants_admission a JOIN public.participants_segment s ON s.id = a.segment_id
     WHERE a.organisation_id = $1 AND s.code = $2 AND a.capacity = $3
$$;
"""  # noqa: S608  our own words
DROP = "DROP FUNCTION public.admission_ran_out(bigint, text, text);"

RAN_OUT = "admission_ran_out"
"""The constraint that the guard names."""


def admission_not_run_out(**columns: str) -> pgtrigger.Trigger:
    """A new row's parties, each a capacity and the column of its key, have no admission to its segment that has ended by time.

    Public: applications above register it on their own tables, which have a column ``segment``.
    """
    ran_out = " OR ".join(
        f"public.admission_ran_out(NEW.{column}, NEW.segment, '{capacity}')"
        for capacity, column in columns.items()
    )
    return pgtrigger.Trigger(
        name=RAN_OUT,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF {ran_out} THEN
    RAISE EXCEPTION '%: the admission of a party to % has ended', TG_TABLE_NAME, NEW.segment
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RAN_OUT}';
END IF;
RETURN NEW;
""",
    )


def renews_what_ends() -> pgtrigger.Trigger:
    """An application beside an admission for the same purpose renews it, shortly before its last day."""
    return pgtrigger.Trigger(
        name="renews_what_ends",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("standing", "record")],
        func=f"""
SELECT a.id, a.expires_on INTO standing FROM public.participants_admission a
 WHERE a.organisation_id = NEW.organisation_id AND a.segment_id = NEW.segment_id AND a.capacity = NEW.capacity
   AND a.state = 'admitted';
IF NEW.renews_id IS DISTINCT FROM standing.id OR standing.id IS NOT NULL
   AND (standing.expires_on IS NULL OR standing.expires_on > {TODAY} + {RENEWED_WITHIN.days}) THEN
    RAISE EXCEPTION 'an admission to this segment stands and is not to be renewed now'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'renews_what_ends';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def admission_ends_rightly() -> pgtrigger.Trigger:
    """Its last day is stated as it is given, and to come; it expires after that day, and lapses by a condition that was missed."""
    return pgtrigger.Trigger(
        name="admission_ends_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state", "expires_on"),
        func=f"""
IF NEW.expires_on IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.expires_on IS DISTINCT FROM NEW.expires_on AND (
       NEW.state <> 'admitted' OR OLD.state = 'admitted' OR NEW.expires_on <= {TODAY})) THEN
    RAISE EXCEPTION 'the last day of an admission is stated when it is given' USING ERRCODE = 'check_violation';
END IF;
IF TG_OP = 'UPDATE' AND NEW.state IS DISTINCT FROM OLD.state AND (
       NEW.state = 'expired' AND (NEW.expires_on IS NULL OR NEW.expires_on >= {TODAY})
    OR NEW.state = 'lapsed' AND NOT EXISTS (SELECT FROM public.participants_admissioncondition c
            WHERE c.admission_id = NEW.id AND NOT c.is_met)) THEN
    RAISE EXCEPTION 'the admission % does not become % now', NEW.public_id, NEW.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'admission_ends_rightly';
END IF;
RETURN NEW;
""",
    )


def renewed_by_another() -> pgtrigger.Trigger:
    """When the transaction ends in which an admission is renewed, the one that renews it is given."""
    return pgtrigger.Trigger(
        name="renewed_by_another",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func="""
IF NEW.state = 'renewed' AND OLD.state <> 'renewed' AND NOT EXISTS (
    SELECT FROM public.participants_admission a WHERE a.renews_id = NEW.id AND a.state = 'admitted') THEN
    RAISE EXCEPTION 'nothing renews the admission %', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",
    )


def condition_settled_rightly() -> pgtrigger.Trigger:
    """A condition begins open and to come; it is met by a qualification in force, and missed once its day has passed without one."""
    keys = {"organisation": "a.organisation_id", "kind": "NEW.kind_id"}
    return pgtrigger.Trigger(
        name="condition_settled_rightly",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("settled_at", "is_met"),
        func=f"""
IF TG_OP = 'INSERT' AND (NEW.settled_at IS NOT NULL OR NEW.is_met IS NOT NULL OR NEW.due_on < {TODAY})
   OR TG_OP = 'UPDATE' AND NOT EXISTS (
    SELECT FROM public.participants_admission a WHERE a.id = NEW.admission_id AND (
           NEW.is_met AND a.state = 'admitted' AND {IN_FORCE.format(**keys)}
        OR NOT NEW.is_met AND a.state = 'admitted' AND NEW.due_on < {TODAY} AND NOT {IN_FORCE.format(**keys)}
           AND NOT {WAITS.format(due_on="NEW.due_on", **keys)}
        OR NEW.is_met IS NULL AND a.state <> 'admitted')) THEN
    RAISE EXCEPTION 'the condition % is not settled so now', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'condition_settled_rightly';
END IF;
RETURN NEW;
""",
    )


def missed_condition_ends_admission() -> pgtrigger.Trigger:
    """When the transaction ends in which a condition is stated or missed, its admission is given, or has lapsed.

    One that is stated is due by the admission's last day: later it could only be dropped, never missed.
    """
    return pgtrigger.Trigger(
        name="missed_condition_ends",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func="""
IF EXISTS (SELECT FROM public.participants_admissioncondition c
             JOIN public.participants_admission a ON a.id = c.admission_id
            WHERE c.id = NEW.id AND (a.state IN ('applied', 'on_hold', 'refused')
               OR NOT c.is_met AND a.state <> 'lapsed' OR TG_OP = 'INSERT' AND c.due_on > a.expires_on)) THEN
    RAISE EXCEPTION 'the condition % is not that of its admission', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",
    )
