"""Incidents: opened, assessed, reported, told and closed, and every refusal of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.evidence.queries import visible_records
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.permissions import Permission
from marketplace.oversight.incidents import services
from marketplace.oversight.incidents.errors import (
    IncidentClosed,
    ReportsMissing,
    TooManyConcerned,
    TooManyOpen,
)
from marketplace.oversight.incidents.models import Incident, IncidentEntry
from marketplace.oversight.incidents.queries import visible_incidents
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest
from tests.participants.factories import client_of, member_for

from .factories import (
    FRIDAY,
    STATED,
    closed,
    holds_everywhere,
    notices_of,
    open_tasks,
    opened,
    recorded,
    reported,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday")]


def due_on(incident: Incident) -> dict[str, str]:
    latest = incident.assessments.order_by("-pk").first()
    return {row.duty: row.due_on.isoformat() for row in latest.deadlines.all()}


def told(incident: Incident) -> list[tuple[str, str]]:
    rows = OutboxEvent.objects.filter(subject=incident.public_id, type="incident.moved").order_by("pk")
    return [(row.data["organisation"], row.data["change"]) for row in rows]


def test_an_incident_is_registered_with_its_deadlines_and_told(first, subject):
    incident = opened(first, subject)
    assert due_on(incident) == {"first": "2026-04-14", "full": "2026-05-11"}
    assert sorted(open_tasks("report")) == [f"{incident.public_id}:first", f"{incident.public_id}:full"]
    assert open_tasks("report")[f"{incident.public_id}:full"].isoformat() == "2026-05-11T14:59:00+00:00"
    assert told(incident) == [(subject.public_id, "told")]
    assert notices_of(subject) == [incident.public_id]
    assert recorded(incident.public_id) == [
        "oversight.incident_opened", "oversight.incident_assessed", "oversight.incident_told",
    ]  # fmt: skip
    assert holds_everywhere()


def test_a_participant_registers_what_happened_to_its_own_data(owner, stranger, subject):
    incident = opened(owner, ground="none", persons=0)
    assert incident.organisation_id == subject.pk
    assert list(incident.concerns.values_list("organisation_id", flat=True)) == [subject.pk]
    assert list(open_tasks("report")) == [incident.public_id]
    assert list(visible_incidents(owner)) == [incident]
    assert list(visible_incidents(stranger)) == []
    assert holds_everywhere()


def test_an_incident_that_needs_no_report_is_a_task_until_it_is_closed(first, second, subject):
    incident = opened(first, subject, ground="none", persons=0)
    assert list(open_tasks("report")) == [incident.public_id]
    services.write_entry(actor=first, incident=incident.public_id, kind="measure", text="遮断した。")
    assert list(open_tasks("report")) == [incident.public_id]
    assert holds_everywhere()
    closed(first, second, incident)
    assert open_tasks("report") == {}
    assert holds_everywhere()


def test_nobody_registers_what_happened_to_anothers_data(owner, stranger, other, first):
    with pytest.raises(FieldInvalid) as refused:
        opened(owner, other)
    assert refused.value.name == "organisations"
    for actor, error in (
        (replace(owner, permissions=frozenset()), PermissionNeeded),
        (replace(first, permissions=frozenset()), PermissionNeeded),
        (replace(owner, proved_at=clock.real_now() - timedelta(minutes=11)), ProofNeeded),
        (SYSTEM, Forbidden),
    ):
        with pytest.raises(error):
            opened(actor)
    assert Incident.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "flood"}, "kind"),
        ({"ground": "boredom"}, "ground"),
        ({"data": " "}, "data"),
        ({"description": ""}, "description"),
        ({"known_at": FRIDAY + timedelta(days=3650)}, "known_at"),
        ({"known_at": FRIDAY - timedelta(days=400)}, "known_at"),
        ({"known_at": FRIDAY - timedelta(days=45_000)}, "known_at"),
        ({"ground": "none", "persons": 1001}, "ground"),
    ],
)
def test_what_is_stated_wrongly_registers_nothing(first, subject, changes, field):
    with pytest.raises(FieldInvalid) as refused:
        opened(first, subject, **changes)
    assert refused.value.name == field
    assert (Incident.objects.count(), open_tasks("report"), notices_of(subject)) == (0, {}, [])


def test_the_operator_and_strangers_are_not_concerned(first, staffed):
    with pytest.raises(FieldInvalid):
        opened(first, staffed)
    with pytest.raises(Missing):
        services.open_incident(actor=first, organisations=["org_none"], known_at=FRIDAY, **STATED)
    assert Incident.objects.count() == 0


def assessed(actor, incident, **changes) -> Incident:
    stated = {"ground": "special_care", "persons": 120, "known_at": FRIDAY} | changes
    return services.assess_incident(actor=actor, incident=incident.public_id, **stated)


def test_an_act_with_a_wrongful_purpose_has_sixty_days(first, second, subject):
    incident = opened(first, subject)
    for ground, persons, due, tasks in (
        ("wrongful", 120, {"first": "2026-04-14", "full": "2026-06-08"}, 2),
        ("none", 3, {}, 1),
    ):
        before = (due_on(incident), open_tasks("report"))
        with pytest.raises(SecondPersonNeeded):
            assessed(first, incident, ground=ground, persons=persons)
        assert (due_on(incident), open_tasks("report")) == before
        assessed(second, incident, ground=ground, persons=persons)
        assert (due_on(incident), len(open_tasks("report"))) == (due, tasks)
    assert list(open_tasks("report")) == [incident.public_id]
    assert incident.assessments.order_by("-pk").first().first_person == first.identifier
    assert holds_everywhere()


@pytest.mark.parametrize(
    "changes",
    [
        {"known_at": FRIDAY + timedelta(hours=20)},
        {"ground": "none"},
        {"known_at": FRIDAY - timedelta(days=1400)},
    ],
)
def test_one_person_makes_no_report_later_or_lapse(first, second, subject, changes):
    clock.move_to(FRIDAY + timedelta(days=2))
    incident = opened(first, subject, known_at=FRIDAY)
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            assessed(first, incident, **changes)
    with pytest.raises(PermissionNeeded):
        assessed(replace(second, permissions=frozenset({Permission.ADMISSION_WRITE})), incident, **changes)
    assert (incident.assessments.count(), len(open_tasks("report"))) == (1, 2)
    assert holds_everywhere()


def test_one_person_states_that_it_was_known_earlier(first, subject):
    incident = opened(first, subject)
    assessed(first, incident, ground="many", persons=2_000, known_at=FRIDAY - timedelta(days=1))
    assert due_on(incident)["first"] == "2026-04-13"


def test_two_people_date_the_knowing_far_back_and_nobody_before_the_law(first, second, subject):
    incident = opened(first, subject)
    for known_at in (FRIDAY - timedelta(days=45_000), FRIDAY - timedelta(days=1500)):
        with pytest.raises(FieldInvalid) as refused:
            assessed(first, incident, known_at=known_at)
        assert refused.value.name == "known_at"
    early = FRIDAY - timedelta(days=200)
    for again in range(2):
        with pytest.raises(SecondPersonNeeded):
            assessed(first, incident, known_at=early)
        assert (again, incident.assessments.count()) == (again, 1)
    assessed(second, incident, known_at=early)
    assert due_on(incident)["first"] == "2025-09-26"
    # What two people stated, one may state again of another ground.
    assessed(first, incident, ground="property", known_at=early)
    assert incident.assessments.order_by("-pk").first().first_person == ""
    assert holds_everywhere()


def related(actor, party) -> None:
    """A person of the operator declares an interest in a participant."""
    declare_interest(actor=actor, organisation=party.public_id, kind="employment", statement="兼業先")


def test_who_has_declared_an_interest_writes_nothing_about_an_incident(first, second, subject, other):
    incident = opened(second, subject)
    name = {"incident": incident.public_id}
    with pytest.raises(SecondPersonNeeded):
        assessed(first, incident, ground="none", persons=0)
    related(first, subject)
    # Whoever gives it next is the first of two.
    with pytest.raises(SecondPersonNeeded):
        assessed(second, incident, ground="none", persons=0)
    for command in (
        lambda: assessed(first, incident),
        lambda: services.write_entry(actor=first, kind="measure", text="遮断した。", **name),
        lambda: services.name_concerned(actor=first, organisations=[other.public_id], **name),
        lambda: services.close_incident(actor=first, conclusion="終了", **name),
        lambda: opened(first, subject),
    ):
        with pytest.raises(Recused):
            command()
    counts = (Incident.objects.count(), incident.assessments.count(), incident.entries.count())
    assert (counts, incident.concerns.count()) == ((1, 1, 0), 1)
    related(second, other)
    with pytest.raises(Recused):
        services.name_concerned(actor=second, organisations=[other.public_id], **name)
    assert notices_of(other) == []
    reported(second, incident, "first")
    assert holds_everywhere()


def test_an_incident_concerns_the_parties_of_its_subject_too(first, second, subject, other):
    incident = opened(second, other, subject=subject.public_id, ground="none", persons=0)
    name = {"incident": incident.public_id}
    with pytest.raises(SecondPersonNeeded):
        services.close_incident(actor=first, conclusion="終了", **name)
    related(first, subject)
    for command in (
        lambda: opened(first, subject=subject.public_id),
        lambda: assessed(first, incident),
        lambda: services.write_entry(actor=first, kind="measure", text="遮断した。", **name),
        lambda: services.close_incident(actor=first, conclusion="終了", **name),
    ):
        with pytest.raises(Recused):
            command()
    # What the first gave before it declared the interest counts no more.
    with pytest.raises(SecondPersonNeeded):
        services.close_incident(actor=second, conclusion="終了", **name)
    assert (Incident.objects.filter(closed_at=None).count(), incident.assessments.count()) == (1, 1)
    assert holds_everywhere()


def test_an_incident_names_what_is_there(first, owner):
    for actor in (first, owner):
        with pytest.raises(FieldInvalid) as refused:
            opened(actor, subject="nothing there")
        assert refused.value.name == "subject"
    assert Incident.objects.count() == 0


def test_a_participant_has_few_open_incidents(owner, first, second, monkeypatch):
    monkeypatch.setattr(services, "OPEN_MAX", 2)
    rows = [opened(owner, ground="none", persons=0) for _ in range(2)]
    with pytest.raises(TooManyOpen):
        opened(owner)
    assert Incident.objects.count() == 2
    closed(first, second, rows[0])
    opened(owner, ground="none", persons=0)


def test_a_report_ends_its_task(first, subject):
    incident = opened(first, subject)
    reported(first, incident, "first")
    assert list(open_tasks("report")) == [f"{incident.public_id}:full"]
    entry = IncidentEntry.objects.get()
    assert (entry.duty, entry.addressee, len(entry.commitment)) == ("first", "個人情報保護委員会", 64)
    for stated, field in (
        ({"kind": "measure", "duty": "first"}, "duty"),
        ({"kind": "measure", "addressee": "誰か"}, "addressee"),
        ({"kind": "report"}, "addressee"),
        ({"kind": "letter"}, "kind"),
    ):
        with pytest.raises(FieldInvalid) as refused:
            services.write_entry(actor=first, incident=incident.public_id, text="本文", **stated)
        assert refused.value.name == field
    assert IncidentEntry.objects.count() == 1
    assert holds_everywhere()


def test_an_incident_closes_by_two_after_its_reports(first, second, subject):
    incident = opened(first, subject)
    reported(first, incident, "first")
    with pytest.raises(ReportsMissing) as refused:
        services.close_incident(actor=first, incident=incident.public_id, conclusion="終了")
    assert refused.value.fields["missing"] == "full"
    reported(first, incident, "full")
    assert list(open_tasks("report")) == [incident.public_id]
    done = closed(first, second, incident)
    assert (done.closed_first, done.closed_by) == ("usr_first", "usr_second")
    assert told(incident) == [(subject.public_id, "told"), (subject.public_id, "closed")]
    assert open_tasks("report") == {}
    for again in (
        lambda: services.close_incident(actor=first, incident=incident.public_id, conclusion="終了"),
        lambda: reported(first, incident, "first"),
        lambda: services.name_concerned(actor=first, incident=incident.public_id, organisations=[]),
        lambda: services.assess_incident(
            actor=first, incident=incident.public_id, ground="many", persons=1, known_at=FRIDAY
        ),
    ):
        with pytest.raises(IncidentClosed):
            again()
    assert holds_everywhere()


def test_further_participants_are_told_once(first, subject, other):
    incident = opened(first, subject)
    for _ in range(2):
        services.name_concerned(
            actor=first, incident=incident.public_id, organisations=[subject.public_id, other.public_id]
        )
    assert told(incident) == [(subject.public_id, "told"), (other.public_id, "told")]
    assert (len(notices_of(subject)), len(notices_of(other))) == (1, 1)


def test_whom_an_incident_concerns_later_reads_its_records_but_not_of_whom_else(first, subject, other):
    incident = opened(first, subject)
    later = member_for(other, "usr_later")
    assert not visible_records(later).filter(subject=incident.public_id).exists()
    services.name_concerned(actor=first, incident=incident.public_id, organisations=[other.public_id])
    rows = visible_records(later).filter(subject=incident.public_id).order_by("pk")
    assert [row.kind for row in rows] == [
        "oversight.incident_opened",
        "oversight.incident_assessed",
        "oversight.incident_told",
    ]
    assert rows[2].payload == {"organisation": other.public_id}
    assert holds_everywhere()


def test_an_incident_concerns_a_bounded_number_of_participants(first, subject, other, monkeypatch):
    incident = opened(first, subject)
    monkeypatch.setattr(services, "CONCERNED_MAX", 1)
    with pytest.raises(TooManyConcerned):
        services.name_concerned(actor=first, incident=incident.public_id, organisations=[other.public_id])
    assert (incident.concerns.count(), notices_of(other)) == (1, [])


def test_a_participant_reads_what_concerns_it_without_others_and_reports(first, subject, other):
    incident = opened(first, subject, other)
    reported(first, incident, "first")
    services.write_entry(actor=first, incident=incident.public_id, kind="measure", text="送信を停止した。")
    shown = client_of(subject).get(f"/api/v1/incidents/{incident.public_id}/").json()
    assert shown["organisations"] == [subject.public_id]
    assert [entry["text"] for entry in shown["entries"]] == [None, "送信を停止した。"]
    assert [row["due_on"] for row in shown["deadlines"]] == ["2026-04-14", "2026-05-11"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_of_incidents_takes_the_same_queries(first, subject, count, django_assert_num_queries):
    for _ in range(count):
        opened(first, subject)
    with django_assert_num_queries(5):
        assert len(list(visible_incidents(first))) == count
