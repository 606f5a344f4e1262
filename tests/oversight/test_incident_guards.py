"""The database refuses what Python would not do with an incident, and the checker names what was forced in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from marketplace.kernel import clock
from marketplace.notices.models import Task
from marketplace.oversight.incidents.models import (
    Incident,
    IncidentAssessment,
    IncidentDeadline,
    IncidentEntry,
)
from marketplace.oversight.incidents.states import OPEN_MAX
from marketplace.participants.models import Organisation
from marketplace.participants.services import declare_interest
from tests.participants.factories import actor_for, member_for
from tests.roles import unguarded

from .factories import closed, named, opened, refused, reported, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday")]

OPEN = """
    INSERT INTO oversight_incident (public_id, kind, data, description, subject, organisation_id, opened_by, opened_at, salt,
        commitment, closed_first, closed_by, conclusion)
    SELECT 'inc_raw', kind, data, {description}, '', {organisation}, {person}, public.business_now(), salt, commitment, '', '', ''
      FROM oversight_incident LIMIT 1
"""
PLAIN = {"description": "description", "organisation": "NULL", "person": "'usr_first'"}
CLOSE = "UPDATE oversight_incident SET closed_at = public.business_now(), closed_by = {second}, closed_first = {first}, conclusion = 'x'"
DUE = """
    INSERT INTO oversight_incidentdeadline (incident_id, assessment_id, duty, days, due_on, due_at, source)
    SELECT incident_id, id, '{duty}', {days}, date '{day}', timestamptz '{day} 12:00:00+09', 'x'
      FROM oversight_incidentassessment ORDER BY id DESC LIMIT 1
"""
ASSESS = """
    INSERT INTO oversight_incidentassessment (incident_id, ground, persons, known_at, assessed_by, assessed_at)
    SELECT id, 'none', 0, {known}, {person}, public.business_now() FROM oversight_incident LIMIT 1
"""
ENTER = """
    INSERT INTO oversight_incidententry (incident_id, kind, duty, addressee, text, salt, commitment, written_by, written_at)
    SELECT id, 'measure', '', '', 'x', salt, encode(sha256(convert_to(concat_ws(E'\\n', salt, '', 'x'), 'UTF8')), 'hex'),
        {person}, public.business_now() FROM oversight_incident LIMIT 1
"""
CONCERN = """
    INSERT INTO oversight_incidentconcern (incident_id, organisation_id, organisation_identifier, told_by, told_at)
    SELECT id, {party}, '{identifier}', {person}, public.business_now() FROM oversight_incident LIMIT 1
"""


@pytest.fixture
def incident(first, subject) -> Incident:
    return opened(first, subject)


def test_nobody_else_opens_or_closes_an_incident(incident, first, subject, other, staffed):
    run(OPEN.format(**PLAIN))
    member_for(subject, "usr_of_it")
    for changes, because in (
        ({"person": "'usr_made_up'"}, "nobody who may write this"),
        ({"person": "'usr_of_it'"}, "nobody who may write this"),
        ({"person": "'usr_of_it'", "organisation": str(other.pk)}, "nobody who may write this"),
        ({"person": "'usr_first'", "organisation": str(subject.pk)}, "nobody who may write this"),
        ({"description": "'another'"}, "is not the hash over"),
    ):
        refused(OPEN.format(**(PLAIN | changes)).replace("inc_raw", "inc_raw2"), because)
    reported(first, incident, "first", "full")
    where = f" WHERE id = {incident.pk}"
    for people, because in (
        ({"first": "'usr_first'", "second": "'usr_first'"}, "incident_closed_by_two"),
        ({"first": "''", "second": "'usr_first'"}, "incident_closed_by_two"),
        ({"first": "'usr_first'", "second": "'usr_of_it'"}, "no natural person of the operator"),
    ):
        refused(CLOSE.format(**people) + where, because)
    refused(f"UPDATE oversight_incident SET data = 'x'{where}", "cannot be changed|is not the hash")
    refused(f"DELETE FROM oversight_incident{where}", "are kept")
    refused(ASSESS.format(known="public.business_now()", person="'usr_of_it'"), "nobody who may assess")
    refused("UPDATE oversight_incidententry SET text = 'x'", "append-only")
    refused("DELETE FROM oversight_incidentassessment", "append-only")
    assert named("oversight.incident_people") == 0


def test_an_incident_does_not_close_before_its_reports(incident, first, second):
    by_two = CLOSE.format(first="'usr_first'", second="'usr_second'")
    refused(by_two, "a report that law demands is not recorded")
    reported(first, incident, "first", "full")
    closed(first, second, incident)
    refused(CLOSE.format(first="'usr_second'", second="'usr_first'"), "cannot be changed")
    refused(ASSESS.format(known="public.business_now()", person="'usr_first'"), "the incident is closed")
    refused(DUE.format(duty="full", days=30, day="2026-05-11"), "the incident is closed")
    assert named("oversight.incident_reports") == 0
    with unguarded("oversight_incidententry"):
        IncidentEntry.objects.filter(duty="full").delete()
    assert named("oversight.incident_reports") == 1


def test_a_report_that_is_due_without_a_task_is_named(incident):
    with unguarded("notices_task"):
        Task.objects.filter(subject=f"{incident.public_id}:full").update(subject="x", thread="x")
    assert named("oversight.incident_reports") == 1


def test_an_incident_without_a_report_that_nobody_attends_to_is_named(first):
    incident = opened(first, ground="none", persons=0)
    assert named("oversight.incident_reports") == 0
    with unguarded("notices_task"):
        Task.objects.filter(subject=incident.public_id).update(subject="x", thread="x")
    assert named("oversight.incident_reports") == 1


def test_a_deadline_is_that_of_the_law(incident):
    for changes, because in (
        ({"day": "2026-05-08"}, "not when the law says"),
        ({"day": "2026-05-24"}, "not when the law says"),
        ({"days": 60}, "not when the law says"),
        ({}, "deadline_once"),
        ({"duty": "other"}, "deadline_duty"),
    ):
        refused(DUE.format(**({"duty": "full", "days": 30, "day": "2026-05-11"} | changes)), because)
    refused("UPDATE oversight_incidentdeadline SET due_on = '2026-06-01'", "append-only")
    refused(
        ASSESS.format(known="public.business_now() + interval '9 days'", person="'usr_first'"),
        "not that of the clock|assessment_known_before",
    )
    assert named("oversight.incident_deadlines") == 0
    with unguarded("oversight_incidentdeadline"):
        IncidentDeadline.objects.filter(duty="full").update(due_on="2026-05-12")
    assert named("oversight.incident_deadlines") == 1
    with unguarded("oversight_incidentassessment"):
        IncidentAssessment.objects.update(known_at=incident.opened_at - timedelta(days=900))
    assert named("oversight.incident_deadlines") == 1


def test_one_person_weakens_no_duty(incident, first, second):
    now = "; SET CONSTRAINTS ALL IMMEDIATE"
    alone = ASSESS.format(known="public.business_now()", person="'usr_first'")
    refused(alone + now, "two people drop a report")
    refused(by_two(alone, "usr_first") + now, "assessment_two_people")
    refused(by_two(alone, "usr_made_up") + now, "no natural person of the operator")
    assert named("oversight.duties_weakened_by_two") == 0
    with unguarded("oversight_incidentassessment"):
        run(alone)
    assert named("oversight.duties_weakened_by_two") == 1


def test_one_person_dates_no_knowing_far_back(incident, first, second):
    back = "public.business_now() - interval '{} days'"
    alone = ASSESS.format(known=back.format(31), person="'usr_first'")
    refused(alone, "further back than 30 days")
    lawless = ASSESS.format(known="timestamptz '2022-03-31 12:00:00+09'", person="'usr_first'")
    refused(by_two(lawless, "usr_second"), "nobody before 2022-04-01")
    assert named("oversight.incidents_known_in_time") == 0
    with unguarded("oversight_incidentassessment"):
        run(alone)
    assert named("oversight.incidents_known_in_time") == 1
    with unguarded("oversight_incidentassessment"):
        run(by_two(lawless, "usr_second"))
    assert named("oversight.incidents_known_in_time") == 2


def test_the_database_recuses_from_an_incident_who_is_related(
    incident, first, second, staffed, subject, other
):
    reported(second, incident, "first", "full")
    declare_interest(actor=first, organisation=subject.public_id, kind="family", statement="親族")
    clock.move_to(clock.now() + timedelta(minutes=1))
    actor_for(staffed, "usr_third")
    attacks = [
        (ASSESS.format(known="public.business_now()", person="{}"), "incidentassessment"),
        (
            by_two(ASSESS.format(known="public.business_now()", person="'usr_third'"), "usr_first"),
            "incidentassessment",
        ),
        (ENTER.replace("{person}", "{}"), "incidententry"),
        (CONCERN.format(party=other.pk, identifier=other.public_id, person="{}"), "incidentconcern"),
        (CLOSE.format(first="'usr_third'", second="{}"), "incident"),
        (CLOSE.format(first="{}", second="'usr_third'"), "incident"),
    ]
    for attack, table in attacks:
        refused(
            attack.format("'usr_first'") + "; SET CONSTRAINTS ALL IMMEDIATE",
            "declared an interest|two people drop",
        )
        assert named("oversight.incidents_by_unrelated") == 0
        with pytest.raises(Undone), transaction.atomic():
            with unguarded(f"oversight_{table}"):
                run(attack.format("'usr_first'"))
            assert (attack, named("oversight.incidents_by_unrelated")) == (attack, 1)
            raise Undone


def test_the_database_asks_the_parties_of_the_subject(incident, first, second, subject, other):
    about = "description, '{}', {}, {}, public"
    raw = OPEN.replace("{description}, '', {organisation}, {person}, public", about)
    refused(raw.format("nothing there", "NULL", "'usr_second'"), "nothing has the identifier")
    matter = opened(second, other, subject=subject.public_id, ground="none", persons=0)
    declare_interest(actor=first, organisation=subject.public_id, kind="family", statement="親族")
    clock.move_to(clock.now() + timedelta(minutes=1))
    refused(raw.format(subject.public_id, "NULL", "'usr_first'"), "declared an interest")
    enter = ENTER.format(person="'usr_first'").replace("LIMIT 1", "ORDER BY id DESC LIMIT 1")
    refused(enter, "declared an interest")
    assert (Incident.objects.count(), matter.entries.count()) == (2, 0)
    assert named("oversight.incidents_by_unrelated") == 0
    with unguarded("oversight_incidententry"):
        run(enter)
    assert named("oversight.incidents_by_unrelated") == 1


class Undone(Exception):
    """What a test forced in is rolled back."""


def by_two(statement: str, person: str) -> str:
    """The raw statement with a first person."""
    return statement.replace("assessed_at)", "assessed_at, first_person)").replace(
        "public.business_now() FROM", f"public.business_now(), '{person}' FROM"
    )


def test_the_database_counts_open_incidents(owner, subject):
    for _ in range(OPEN_MAX):
        opened(owner, ground="none", persons=0)
    own = OPEN.format(**(PLAIN | {"organisation": str(subject.pk), "person": "'usr_owner'"}))
    refused(own, "open incidents")


def test_what_was_committed_to_does_not_change(incident, first):
    reported(first, incident, "first")
    assert named("oversight.incidents_committed") == 0
    with unguarded("oversight_incident", "oversight_incidententry"):
        Incident.objects.update(description="another")
        IncidentEntry.objects.update(text="another")
    assert named("oversight.incidents_committed") == 2


def test_whom_an_incident_concerns_is_a_participant(incident, staffed, subject, other):
    def attempt(party: Organisation, identifier: str, because: str, person: str = "'usr_first'") -> None:
        refused(CONCERN.format(party=party.pk, identifier=identifier, person=person), because)

    attempt(staffed, staffed.public_id, "is no participant")
    attempt(subject, "org_other", "is no participant")
    attempt(subject, subject.public_id, "concern_once")
    member_for(subject, "usr_of_it")
    attempt(other, other.public_id, "nobody who may assess this", "'usr_of_it'")


def test_who_was_forced_in_is_named(incident):
    with unguarded("oversight_incident"):
        Incident.objects.update(opened_by="usr_made_up")
    assert named("oversight.incident_people") == 1
    assert named("evidence.rows_recorded") == 2
