"""Invariants of incidents: by whom, closed by two after their reports, due when the law says, and never without a task."""

from __future__ import annotations

from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission

from ..acting import acted_for
from . import law
from .guards import BEFORE_LAW, DATED_BACK, WEAKENED, related_then
from .models import MEMBER, STAFF, Incident, IncidentAssessment

_TWO = (Permission.SUPPORT_WRITE,)

Invariant(
    name="oversight.incident_people",
    promise=9,
    statement="An incident is opened by staff, or by a participant about its own data, and closed by two people of the operator.",
    guards=(
        "oversight_incident.opened_by_whom",
        "oversight_incident.closed_by_two",
        "oversight_incident.incident_closed_by_two",
        "oversight_incident.immutable",
        "oversight_incident.closed_once",
        "oversight_incident.no_delete",
        "oversight_incident.few_open",
        "oversight_incident.dated_now",
        "oversight_incident.set_now",
        "oversight_incidentassessment.assessed_by_whom",
        "oversight_incidentconcern.told_by_whom",
        "oversight_incidentconcern.concerns_participant",
        "oversight_incidententry.written_by_staff",
        "oversight_incidententry.append_only",
    ),
    test="tests/oversight/test_incident_guards.py::test_nobody_else_opens_or_closes_an_incident",
    check=by_query(
        "SELECT i.public_id, i.opened_by, i.closed_by FROM oversight_incident i"  # noqa: S608  our own words
        f" WHERE i.organisation_id IS NULL AND NOT {acted_for('i.opened_by', 'i.opened_at', STAFF)}"
        " OR i.organisation_id IS NOT NULL AND NOT "
        f"{acted_for('i.opened_by', 'i.opened_at', (MEMBER,), organisation='o.id = i.organisation_id')}"
        " OR i.closed_at IS NOT NULL AND (i.closed_by = i.closed_first"
        f" OR NOT {acted_for('i.closed_by', 'i.closed_at', (Permission.SUPPORT_WRITE,))})"
    ),
)
Invariant(
    name="oversight.incident_reports",
    promise=10,
    statement="A closed incident has each report that law demands; an open one has a task of the operator for each that is due, or"
    " to close it.",
    guards=(
        "oversight_incident.closed_when_reported",
        "oversight_incidententry.written_while_open",
        "oversight_incidentdeadline.written_while_open",
        "oversight_incidentdeadline.append_only",
        "oversight_incidentdeadline.deadline_once",
    ),
    test="tests/oversight/test_incident_guards.py::test_an_incident_does_not_close_before_its_reports",
    check=by_query(
        "SELECT i.public_id, d.duty FROM oversight_incident i JOIN oversight_incidentdeadline d ON d.incident_id = i.id"
        " WHERE d.assessment_id = (SELECT max(a.id) FROM oversight_incidentassessment a WHERE a.incident_id = i.id)"
        "  AND NOT EXISTS (SELECT FROM oversight_incidententry e WHERE e.incident_id = i.id AND e.duty = d.duty)"
        "  AND (i.closed_at IS NOT NULL OR NOT EXISTS (SELECT FROM notices_task t WHERE t.kind = 'report'"
        "        AND t.state = 'open' AND t.thread = i.public_id || ':' || d.duty))"
        " UNION ALL SELECT i.public_id, '' FROM oversight_incident i WHERE i.closed_at IS NULL"
        "  AND NOT EXISTS (SELECT FROM notices_task t WHERE t.kind = 'report' AND t.state = 'open'"
        "   AND (t.thread = i.public_id OR t.thread LIKE i.public_id || ':%'))"
    ),
)


def _wrong_deadlines() -> list[dict[str, Any]]:
    """Assessments whose deadlines are not those of the law in force when the incident was known."""
    zone = clock.market_zone()
    wrong = []
    for row in (
        IncidentAssessment.objects.select_related("incident").prefetch_related("deadlines").iterator(500)
    ):
        known_on = row.known_at.astimezone(zone).date()
        lawful = {(str(due.duty), due.due_on, due.days) for due in law.duties(row.ground, known_on, zone)}
        if {(due.duty, due.due_on, due.days) for due in row.deadlines.all()} != lawful:
            wrong.append(
                {"incident": row.incident.public_id, "ground": row.ground, "known_on": str(known_on)}
            )
    return wrong


Invariant(
    name="oversight.incident_deadlines",
    promise=10,
    statement="An incident is due on the days that the law in force when it was known says, moved by holidays alone.",
    guards=(
        "oversight_incidentdeadline.due_within_law",
        "oversight_incidentdeadline.append_only",
        "oversight_incidentassessment.append_only",
        "oversight_incidentassessment.assessment_known_before",
        "oversight_incidentassessment.dated_now",
    ),
    test="tests/oversight/test_incident_guards.py::test_a_deadline_is_that_of_the_law",
    check=_wrong_deadlines,
)


Invariant(
    name="oversight.duties_weakened_by_two",
    promise=9,
    statement="One person alone drops no report that law demands of an incident, and makes none due later.",
    guards=(
        "oversight_incidentassessment.weakened_by_two",
        "oversight_incidentassessment.weakened_by_staff",
        "oversight_incidentassessment.assessment_two_people",
    ),
    test="tests/oversight/test_incident_guards.py::test_one_person_weakens_no_duty",
    check=by_query(
        "SELECT i.public_id, a.assessed_by FROM oversight_incidentassessment a"  # noqa: S608  our own words
        f"  JOIN oversight_incident i ON i.id = a.incident_id WHERE {WEAKENED.format(row='a')}"
        f"  AND (a.first_person IN ('', a.assessed_by) OR NOT {acted_for('a.assessed_by', 'a.assessed_at', _TWO)}"
        f"   OR NOT {acted_for('a.first_person', 'a.assessed_at', _TWO)})"
    ),
)

Invariant(
    name="oversight.incidents_known_in_time",
    promise=10,
    statement="One person alone dates the knowing of an incident at most 30 days before its registration, and nobody before law set the"
    " deadlines.",
    guards=("oversight_incidentassessment.known_in_time", "oversight_incidentassessment.append_only"),
    test="tests/oversight/test_incident_guards.py::test_one_person_dates_no_knowing_far_back",
    check=by_query(
        "SELECT i.public_id, r.assessed_by, r.known_at FROM oversight_incidentassessment r"  # noqa: S608  our own words
        "  JOIN oversight_incident i ON i.id = r.incident_id"
        f" WHERE ({BEFORE_LAW.format(row='r')}) OR (r.first_person = '' AND ({DATED_BACK.format(row='r')}))"
    ),
)
Invariant(
    name="oversight.incidents_by_unrelated",
    promise=9,
    statement="Nobody opens an incident, assesses it, writes about it, names whom it concerns or closes it who had declared an"
    " interest in a participant concerned, or in a party of its subject.",
    guards=(
        "oversight_incident.recused",
        "oversight_incident.subject_exists",
        "oversight_incidentassessment.recused",
        "oversight_incidentconcern.recused",
        "oversight_incidententry.recused",
    ),
    test="tests/oversight/test_incident_guards.py::test_the_database_recuses_from_an_incident_who_is_related",
    check=by_query(
        "SELECT i.public_id, r.what, r.person FROM oversight_incident i JOIN ("  # noqa: S608  our own words
        " SELECT id, 'opened' AS what, opened_by AS person FROM oversight_incident r"
        f"  WHERE {related_then(('r.opened_by',), 'r.opened_at', incident='r.id')}"
        " UNION ALL SELECT id, 'closed', closed_by FROM oversight_incident r"
        f"  WHERE {related_then(('r.closed_first', 'r.closed_by'), 'r.closed_at', incident='r.id')}"
        " UNION ALL SELECT incident_id, 'assessed', assessed_by FROM oversight_incidentassessment r"
        f"  WHERE {related_then(('r.first_person', 'r.assessed_by'), 'r.assessed_at')}"
        " UNION ALL SELECT incident_id, 'concern', told_by FROM oversight_incidentconcern r"
        f"  WHERE {related_then(('r.told_by',), 'r.told_at')}"
        " UNION ALL SELECT incident_id, 'entry', written_by FROM oversight_incidententry r"
        f"  WHERE {related_then(('r.written_by',), 'r.written_at')}"
        ") AS r(id, what, person) ON r.id = i.id"
    ),
)


def _uncommitted() -> list[dict[str, Any]]:
    """Incidents and entries whose commitment is not over what the row says."""
    wrong: list[dict[str, Any]] = []
    for row in Incident.objects.prefetch_related("entries").order_by("pk").iterator(500):
        if row.commitment != commitment_to(row.salt, row.data, row.description):
            wrong.append({"incident": row.public_id})
        wrong += [
            {"incident": row.public_id, "entry": entry.pk}
            for entry in row.entries.all()
            if entry.commitment != commitment_to(entry.salt, entry.addressee, entry.text)
        ]
    return wrong


Invariant(
    name="oversight.incidents_committed",
    promise=9,
    statement="The commitments in evidence are over what the register of incidents says.",
    guards=("oversight_incident.commitment_over", "oversight_incidententry.commitment_over"),
    test="tests/oversight/test_incident_guards.py::test_what_was_committed_to_does_not_change",
    check=_uncommitted,
)
