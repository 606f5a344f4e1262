"""Disqualifications: by two people, for a term, of an organisation or an officer, read by rules and ended by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.row_records import unexplained_rows
from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.participants import services, sweeping
from marketplace.participants.admission_queries import admission_facts, facts_of_admissions
from marketplace.participants.disqualification_errors import DisqualificationEnded, DisqualificationStands
from marketplace.participants.disqualification_grounds import bare_name
from marketplace.participants.disqualification_queries import concerned_by
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Disqualification
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
TODAY = NOON.date()
STATED = {"ground": "revoked", "source": "告示第12号", "until": TODAY + timedelta(days=100)}
PATH = "/api/v1/disqualifications/"
FACTS = ("disqualified", "disqualification_grounds", "officer_disqualified")
INSERT = """
    INSERT INTO participants_disqualification (public_id, organisation_id, officer_commitment, ground, source, source_sha256,
        since, until, first_person, stated_by, stated_at)
    VALUES ('dsq_raw', {organisation}, '', 'revoked', 'x', '', '{since}', '{until}', '{first}', '{by}', public.business_now())
"""


@pytest.fixture
def staffed():
    clock.move_to(NOON, running=False)
    return factories.operator()


@pytest.fixture
def subject(staffed):
    return factories.organisation("A", representative="代表取締役社長 讃岐 花子")


@pytest.fixture
def people(staffed):
    """Two people of the operator, with every role."""
    return [factories.actor_for(staffed, f"usr_{name}") for name in ("one", "two")]


def disqualified(people, subject, **changes) -> Disqualification:
    """A disqualification that two people stated."""
    stated = {"organisation": subject.public_id, **STATED, **changes}
    with pytest.raises(SecondPersonNeeded):
        services.disqualify(actor=people[0], **stated)
    return services.disqualify(actor=people[1], **stated)


def facts(admission) -> tuple:
    one, many = admission_facts(admission.public_id), facts_of_admissions([admission.public_id])
    assert one == many[admission.public_id]
    return tuple(one[name] for name in FACTS)


def later(days: int) -> None:
    clock.move_to(clock.now() + timedelta(days=days), running=False)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def holds() -> bool:
    return not [name for name, rows in verify_all("participants").items() if rows] and not unexplained_rows()


def changes() -> list[str]:
    rows = OutboxEvent.objects.filter(type="disqualification.moved").order_by("pk")
    return [row.data["change"] for row in rows]


def test_two_people_disqualify_an_organisation_for_a_term(subject, people):
    admission = factories.application_for(subject)
    assert facts(admission) == (False, [], False)
    row = disqualified(people, subject)
    assert (row.first_person, row.stated_by, row.since) == ("usr_one", "usr_two", TODAY)
    assert facts(admission) == (True, ["revoked"], False)
    later(100)
    assert (sweeping.end_disqualifications(), facts(admission)[0]) == (0, True)
    later(1)
    # It ends with its last day, whether the sweep has run or not.
    assert facts(admission) == (False, [], False)
    assert (sweeping.end_disqualifications(), sweeping.end_disqualifications()) == (1, 0)
    assert changes() == ["stated", "over"]
    assert holds()


def test_the_second_person_of_the_next_day_is_a_second_person(subject, people):
    said = {"organisation": subject.public_id, **STATED}
    with pytest.raises(SecondPersonNeeded):
        services.disqualify(actor=people[0], **said)
    later(1)
    with pytest.raises(SecondPersonNeeded):
        # Another first day is another command.
        services.disqualify(actor=people[1], since=TODAY, **said)
    assert Disqualification.objects.count() == 0
    row = services.disqualify(actor=people[1], **said)
    assert (row.first_person, row.since, holds()) == ("usr_one", TODAY + timedelta(days=1), True)


def test_of_an_officer_a_commitment_is_kept_and_compared(subject, people):
    name = "讃岐　花子"
    row = disqualified(people, subject, officer=name)
    assert row.officer_commitment == commitment_to(row.salt, "讃岐花子")
    same = factories.organisation("B", representative="取締役 讃岐花子")
    unlike = factories.organisation("C", representative="代表取締役 阿波 太郎")
    seen = [facts(factories.application_for(each)) for each in (subject, same, unlike)]
    assert seen == [(False, [], True), (False, [], True), (False, [], False)]
    assert concerned_by(row.public_id) == [subject.public_id, same.public_id]
    kept = str(
        [*EvidenceRecord.objects.values_list("payload"), *Approval.objects.values_list("payload", "digest")]
    )
    for secret in (name, "讃岐花子", sha256_hex(name.encode()), sha256_hex("讃岐花子".encode())):
        assert secret not in kept
    assert holds()


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("代表取締役社長 讃岐 花子", "讃岐花子"),
        ("理事長　阿波太郎", "阿波太郎"),
        ("Hanako Sanuki", "HanakoSanuki"),
    ],
)
def test_names_are_compared_without_titles_and_spaces(subject, name, bare):
    assert bare_name(name) == bare


def test_two_people_end_it_before(subject, people):
    admission = factories.application_for(subject)
    row = disqualified(people, subject)
    end = {"disqualification": row.public_id, "reason": "裁決で取り消されました。"}
    with pytest.raises(SecondPersonNeeded):
        services.end_disqualification(actor=people[0], **end)
    assert facts(admission)[0]
    services.end_disqualification(actor=people[1], **end)
    assert (facts(admission), changes()) == ((False, [], False), ["stated", "ended"])
    with pytest.raises(DisqualificationEnded):
        services.end_disqualification(actor=people[0], **end)
    assert disqualified(people, subject).ended_at is None
    assert holds()


@pytest.mark.parametrize(
    "wrong",
    [
        {"ground": "magic"},
        {"source": " "},
        {"source_sha256": "9F"},
        {"until": TODAY - timedelta(days=1)},
        {"until": TODAY + timedelta(days=9_000)},
        {"officer": "代表取締役"},
        {"since": TODAY + timedelta(days=1)},
    ],
)
def test_a_wrong_statement_changes_nothing(subject, people, wrong):
    with pytest.raises(FieldInvalid) as refusal:
        services.disqualify(actor=people[0], organisation=subject.public_id, **(STATED | wrong))
    assert refusal.value.name == next(iter(wrong))
    assert (Disqualification.objects.count(), Approval.objects.count()) == (0, 0)


def test_nobody_else_disqualifies(subject, people, staffed):
    said = {"organisation": subject.public_id, **STATED}
    for actor, error in (
        (factories.member_for(subject, "usr_owner"), PermissionNeeded),
        (replace(people[0], proved_at=None), ProofNeeded),
        (replace(people[0], identifier="app_1"), Forbidden),
    ):
        with pytest.raises(error):
            services.disqualify(actor=actor, **said)
    for unknown in ("org_none", staffed.public_id):
        with pytest.raises(Missing):
            services.disqualify(actor=people[0], **(said | {"organisation": unknown}))
    disqualified(people, subject)
    with pytest.raises(DisqualificationStands):
        services.disqualify(actor=people[0], **said)
    services.declare_interest(
        actor=people[0], organisation=subject.public_id, kind="family", statement="親族が勤務しています。"
    )
    with pytest.raises(Recused):
        services.disqualify(actor=people[0], **(said | {"ground": "misconduct"}))
    assert Disqualification.objects.count() == 1


def test_the_database_keeps_disqualifications(subject, people, staffed):
    raw = {
        "organisation": subject.pk, "since": "2030-01-01", "until": "2031-01-01", "first": "usr_one", "by": "usr_two",
    }  # fmt: skip
    factories.member_for(subject, "usr_owner")
    for wrong, because in (
        ({"organisation": staffed.pk}, "not of a participant for a term"),
        ({"since": "2030-04-02"}, "not of a participant for a term"),
        ({"until": "2030-03-31"}, "not of a participant for a term"),
        ({"first": "usr_two"}, "disqualification_by_two"),
        ({"by": "usr_owner"}, "no natural person of the operator"),
        ({"first": "usr_made_up"}, "no natural person of the operator"),
    ):
        refused(INSERT.format(**(raw | wrong)), because)
    disqualified(people, subject)
    end = "UPDATE participants_disqualification SET ended_at = public.business_now(){}"
    by = ", ended_by = '{}', end_first_person = '{}', end_reason = 'x'"
    for change, because in (
        ("", "not of a participant for a term"),
        (by.format("usr_one", "usr_one"), "disqualification_by_two"),
        (by.format("usr_owner", "usr_one"), "no natural person of the operator"),
    ):
        refused(end.format(change), because)
    refused("UPDATE participants_disqualification SET until = '2040-01-01'", "cannot be changed")
    refused("DELETE FROM participants_disqualification", "are kept")
    assert Disqualification.objects.get().ended_at is None
    with unguarded("participants_disqualification"):
        Disqualification.objects.update(stated_by="usr_made_up")
    assert len(REGISTER["participants.disqualified_by_two_for_a_term"].check()) == 1


def test_others_see_no_disqualification(subject, people):
    row = disqualified(people, subject, officer="讃岐 花子")
    seen = factories.client_of(subject).get(PATH).json()["results"]
    assert [each["id"] for each in seen] == [row.public_id]
    stranger = factories.client_of(factories.organisation("C"))
    assert stranger.get(PATH).json()["results"] == []
    assert stranger.get(f"{PATH}{row.public_id}/").status_code == 404
