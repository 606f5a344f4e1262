"""Database guards of incidents: nothing is written to a closed one, and none closes before its reports are recorded."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import OPERATOR, acts_now

from ..acting import held
from .states import OPEN_MAX

LATEST = "(SELECT max(a.id) FROM public.oversight_incidentassessment a WHERE a.incident_id = {incident})"


def written_while_open(
    name: str = "written_while_open", incident: str = "NEW.incident_id"
) -> pgtrigger.Trigger:
    """A row is written to an incident that is open; it waits for whoever closes it."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
PERFORM FROM public.oversight_incident i WHERE i.id = {incident} FOR NO KEY UPDATE;
IF EXISTS (SELECT FROM public.oversight_incident i WHERE i.id = {incident} AND i.closed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the incident is closed' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def concerns_participant() -> pgtrigger.Trigger:
    """Whom an incident concerns is a participant that its identifier names."""
    return pgtrigger.Trigger(
        name="concerns_participant",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NOT EXISTS (SELECT FROM public.participants_organisation o
                WHERE o.id = NEW.organisation_id AND o.public_id = NEW.organisation_identifier
                  AND NOT o.is_operator) THEN
    RAISE EXCEPTION '% is no participant whom an incident concerns', NEW.organisation_identifier
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def due_within_law() -> pgtrigger.Trigger:
    """A last day is the day of the law, counted from the day of knowing as day 1, or later by holidays alone."""
    return pgtrigger.Trigger(
        name="due_within_law",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NOT EXISTS (
    SELECT FROM public.oversight_incidentassessment a
     WHERE a.id = NEW.assessment_id AND a.incident_id = NEW.incident_id
       AND NEW.due_on - ((a.known_at AT TIME ZONE 'Asia/Tokyo')::date + NEW.days - 1) BETWEEN 0 AND 14
       AND (NEW.due_at AT TIME ZONE 'Asia/Tokyo')::date = NEW.due_on) THEN
    RAISE EXCEPTION 'day % is not when the law says', NEW.due_on USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def closed_when_reported() -> pgtrigger.Trigger:
    """An incident closes when each duty of its latest assessment has its report."""
    return pgtrigger.Trigger(
        name="closed_when_reported",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("closed_at"),
        func=f"""
IF NEW.closed_at IS NOT NULL AND EXISTS (
    SELECT FROM public.oversight_incidentdeadline d
     WHERE d.incident_id = NEW.id AND d.assessment_id = {LATEST.format(incident="NEW.id")}
       AND NOT EXISTS (SELECT FROM public.oversight_incidententry e
                        WHERE e.incident_id = d.incident_id AND e.duty = d.duty)) THEN
    RAISE EXCEPTION 'a report that law demands is not recorded' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def closed_once() -> pgtrigger.Trigger:
    """What closed an incident does not change."""
    return pgtrigger.Trigger(
        name="closed_once",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
IF OLD.closed_at IS NOT NULL AND (NEW.closed_at, NEW.closed_by, NEW.closed_first, NEW.conclusion)
       IS DISTINCT FROM (OLD.closed_at, OLD.closed_by, OLD.closed_first, OLD.conclusion) THEN
    RAISE EXCEPTION 'a closed incident cannot be changed' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def assessed_by_whom(staff: tuple[Permission, ...]) -> pgtrigger.Trigger:
    """Staff assesses an incident; at its opening, whoever opened it."""
    return pgtrigger.Trigger(
        name="assessed_by_whom",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT {acts_now("NEW.assessed_by", holds=held(staff), organisation=OPERATOR)} AND NOT EXISTS (
    SELECT FROM public.oversight_incident i
     WHERE i.id = NEW.incident_id AND i.opened_by = NEW.assessed_by AND i.opened_at = NEW.assessed_at) THEN
    RAISE EXCEPTION '% is nobody who may assess this', NEW.assessed_by USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",
    )


WEAKENED = """EXISTS (
    SELECT FROM public.oversight_incidentdeadline d
     WHERE d.assessment_id = (SELECT max(b.id) FROM public.oversight_incidentassessment b
                               WHERE b.incident_id = {row}.incident_id AND b.id < {row}.id)
       AND NOT EXISTS (SELECT FROM public.oversight_incidentdeadline n
                        WHERE n.assessment_id = {row}.id AND n.duty = d.duty AND n.due_on <= d.due_on))"""
"""Whether an assessment drops a duty of the one before it, or makes one due later, in SQL."""


def weakened_by_two() -> pgtrigger.Trigger:
    """An assessment by one person drops no duty of the one before, and makes none due later; asked when all are written."""
    return pgtrigger.Trigger(
        name="weakened_by_two",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=f"""
IF NEW.first_person = '' AND {WEAKENED.format(row="NEW")} THEN
    RAISE EXCEPTION 'two people drop a report that law demands, or make it due later'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'weakened_by_two';
END IF;
RETURN NULL;
""",
    )


def few_open() -> pgtrigger.Trigger:
    """A participant has few open incidents; who registers at once waits for the other."""
    return pgtrigger.Trigger(
        name="few_open",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF NEW.organisation_id IS NOT NULL THEN
    PERFORM FROM public.participants_organisation o WHERE o.id = NEW.organisation_id FOR NO KEY UPDATE;
    IF (SELECT count(*) FROM public.oversight_incident i
         WHERE i.organisation_id = NEW.organisation_id AND i.closed_at IS NULL) >= {OPEN_MAX} THEN
        RAISE EXCEPTION 'the participant has {OPEN_MAX} open incidents' USING ERRCODE = 'check_violation';
    END IF;
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )
