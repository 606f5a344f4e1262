"""Database guards of incidents: nothing is written to a closed one, and none closes before its reports are recorded."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import OPERATOR, acts_now
from marketplace.participants.interest_guards import RECUSED, recused_then

from ..acting import held
from . import law
from .states import KNOWN_DAYS_BACK, OPEN_MAX

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


def by_staff_or_opener(
    person: str, moment: str, staff: tuple[Permission, ...], *, name: str
) -> pgtrigger.Trigger:
    """Staff assesses an incident and names whom it concerns; at its opening, whoever opened it."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT {acts_now(f"NEW.{person}", holds=held(staff), organisation=OPERATOR)} AND NOT EXISTS (
    SELECT FROM public.oversight_incident i
     WHERE i.id = NEW.incident_id AND i.opened_by = NEW.{person} AND i.opened_at = NEW.{moment}) THEN
    RAISE EXCEPTION '% is nobody who may assess this, or say whom it concerns', NEW.{person}
        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
END IF;
RETURN NULL;
""",
    )


def unrelated_to_concerned(*people: str, incident: str = "NEW.incident_id") -> pgtrigger.Trigger:
    """Nobody opens an incident, writes about it or closes it who has declared an interest in a participant concerned.

    It concerns who is named, and the parties of its subject.
    """
    recused = " OR ".join(
        f"(NEW.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column}"
        f" AND public.is_recused(NEW.{column}, c.organisation_id))"
        for column in people
    )
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(*people),
        func=f"""
IF EXISTS (
    SELECT FROM (
        SELECT c.organisation_id FROM public.oversight_incidentconcern c WHERE c.incident_id = {incident}
        UNION SELECT o.id FROM public.oversight_incident n JOIN public.participants_organisation o
           ON o.public_id IN (SELECT p.party FROM public.held_parties(n.subject) p)
         WHERE n.id = {incident} AND n.subject <> '') AS c (organisation_id) WHERE {recused}) THEN
    RAISE EXCEPTION '%: who has declared an interest in a participant concerned decides nothing about the incident', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )


def related_then(people: tuple[str, ...], moment: str, *, incident: str = "r.incident_id") -> str:
    """Whether one of ``people`` was related at ``moment`` to whom the incident concerned by then, or to a party of its subject, in SQL."""
    recused = " OR ".join(recused_then(person, "c.organisation_id", moment, alias="n") for person in people)
    return (
        "EXISTS (SELECT FROM (SELECT c.organisation_id FROM oversight_incidentconcern c"  # noqa: S608  our own words
        f"  WHERE c.incident_id = {incident} AND c.told_at <= {moment}"
        "  UNION SELECT o.id FROM oversight_incident s JOIN participants_organisation o"
        "   ON o.public_id IN (SELECT p.party FROM evidence_parties('', s.subject, '{}'::jsonb) p)"
        f"  WHERE s.id = {incident} AND s.subject <> '') AS c (organisation_id) WHERE {recused})"
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


_BEFORE = """(SELECT b.known_at FROM public.oversight_incidentassessment b
      WHERE b.incident_id = {row}.incident_id AND b.id < {row}.id ORDER BY b.id DESC LIMIT 1)"""
DATED_BACK = f"""{{row}}.known_at < (SELECT least(i.opened_at - interval '{KNOWN_DAYS_BACK} days', {_BEFORE})
      FROM public.oversight_incident i WHERE i.id = {{row}}.incident_id)"""  # noqa: S608  our own words
"""Whether an assessment dates the knowing long before the registration, and before what the one before it says, in SQL."""
BEFORE_LAW = f"({{row}}.known_at AT TIME ZONE 'Asia/Tokyo')::date < date '{law.SINCE}'"
"""Whether an assessment dates the knowing before law set duties, so that none would be asked, in SQL."""


def known_in_time() -> pgtrigger.Trigger:
    """One person dates the knowing of an incident a few days back, two further, nobody before the law of which it is asked."""
    return pgtrigger.Trigger(
        name="known_in_time",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF ({BEFORE_LAW.format(row="NEW")}) OR (NEW.first_person = '' AND ({DATED_BACK.format(row="NEW")})) THEN
    RAISE EXCEPTION 'two people date the knowing of an incident further back than {KNOWN_DAYS_BACK} days, and nobody before {law.SINCE}'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'known_in_time';
END IF;
RETURN NEW;
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
