"""Who has declared an interest in a participant decides nothing about it: by services and by the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from clearing.approvals.reinstatements import reinstate_by_two
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.kernel.permissions import Permission
from marketplace.participants import services
from marketplace.participants.interest_errors import (
    FirstPersonRecused,
    InterestEnded,
    InterestStands,
    NobodyDecides,
    Recused,
)
from marketplace.participants.models import Organisation, Reinstatement, StaffInterest, Suspension
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

STATED = {"kind": "employment", "statement": "2025年3月まで同社の従業員でした。"}
ENDING = "退職から2年が経過しました。"
INSERT = """
    INSERT INTO participants_staffinterest (public_id, person, organisation_id, kind, statement, since, declared_by, declared_at)
    VALUES ('sin_raw', '{person}', {organisation}, 'other', 'x', current_date, '{by}', public.business_now())
"""


@pytest.fixture
def staffed():
    return factories.operator()


@pytest.fixture
def subject(staffed):
    return factories.organisation("A")


@pytest.fixture
def people(staffed):
    """Three people of the operator, with every role."""
    return [factories.actor_for(staffed, f"usr_{name}") for name in ("one", "two", "three")]


def declared(actor, subject, **changes):
    return services.declare_interest(actor=actor, organisation=subject.public_id, **(STATED | changes))


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def suspend(actor, subject):
    services.suspend_participant(
        actor=actor, organisation=subject.public_id, reason_code="r", reason="確認中"
    )


def test_a_person_declares_its_own_interest(people, subject):
    interest = declared(people[0], subject)
    assert (interest.person, interest.declared_by, interest.ended_at) == ("usr_one", "usr_one", None)
    record = EvidenceRecord.objects.get(kind="participants.interest_declared")
    assert record.payload["organisation"] == subject.public_id
    assert record.payload["statement_commitment"] == commitment_to(interest.salt, STATED["statement"])
    assert STATED["statement"] not in str(record.payload)
    with pytest.raises(InterestStands):
        declared(people[0], subject)
    assert not [name for name, rows in verify_all("participants").items() if rows]


def test_an_interest_of_a_colleague_is_stated_by_who_admits(people, subject, staffed):
    factories.actor_for(staffed, "usr_four")
    assert declared(people[0], subject, person="usr_two").person == "usr_two"
    only_reads = replace(people[0], permissions=frozenset({Permission.OPERATOR_READ}))
    with pytest.raises(PermissionNeeded):
        declared(only_reads, subject, person="usr_three")
    assert declared(only_reads, subject).person == "usr_one"
    assert StaffInterest.objects.count() == 2
    assert not [name for name, rows in verify_all("participants").items() if rows]


def test_nobody_recuses_colleagues_until_nobody_decides(people, subject, staffed):
    factories.actor_for(staffed, "usr_four")
    declared(people[0], subject, person="usr_two")
    for last in ("usr_three", "usr_four"):
        with pytest.raises(NobodyDecides) as refusal:
            declared(people[0], subject, person=last)
        assert refusal.value.fields == {"person": last, "organisation": subject.public_id}
    assert list(StaffInterest.objects.values_list("person", flat=True)) == ["usr_two"]
    refused(
        INSERT.format(person="usr_three", by="usr_one", organisation=subject.pk),
        "fewer than two would be left",
    )
    assert declared(people[2], subject).person == "usr_three"
    suspend(factories.actor_for(staffed, "usr_four"), subject)
    clock.move_to(clock.now() + timedelta(minutes=1))
    with unguarded("participants_staffinterest"):
        run(INSERT.format(person="usr_four", by="usr_one", organisation=subject.pk))
    assert len(REGISTER["participants.interests_kept"].check()) == 1


def test_two_owners_end_an_interest_in_which_who_admits_is_related(people, subject, staffed):
    interest = declared(people[0], subject)
    declared(people[1], subject)
    owners = [
        replace(
            factories.actor_for(staffed, f"usr_{name}"),
            permissions=frozenset({Permission.ORGANISATION_WRITE}),
        )
        for name in ("owner", "other_owner")
    ]
    stated = {"interest": interest.public_id, "reason": ENDING}
    with pytest.raises(Recused):
        services.end_interest(actor=people[1], **stated)
    with pytest.raises(Missing):
        services.end_interest(actor=factories.member_for(subject, "usr_of_it"), **stated)
    with pytest.raises(SecondPersonNeeded):
        services.end_interest(actor=owners[0], **stated)
    ended = services.end_interest(actor=owners[1], **stated)
    assert (ended.end_first_person, ended.ended_by) == ("usr_owner", "usr_other_owner")
    record = EvidenceRecord.objects.get(kind="participants.interest_ended")
    assert record.payload["reason_commitment"] == commitment_to(ended.salt, ENDING)
    assert not [name for name, rows in verify_all("participants").items() if rows]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": "envy"}, FieldInvalid),
        ({"statement": " "}, FieldInvalid),
        ({"statement": "x" * 501}, FieldInvalid),
        ({"person": "usr_made_up"}, FieldInvalid),
        ({"organisation": "org_none"}, Missing),
        ({"since": clock.real_now().date() + timedelta(days=9)}, FieldInvalid),
    ],
)
def test_a_wrong_declaration_changes_nothing(people, subject, changes, error):
    stated = {"organisation": subject.public_id, **STATED, **changes}
    with pytest.raises(error) as refusal:
        services.declare_interest(actor=people[0], **stated)
    if error is FieldInvalid:
        assert refusal.value.name == next(iter(changes))
    assert StaffInterest.objects.count() == 0


def test_only_people_of_the_operator_declare_and_in_participants(people, subject, staffed):
    for actor, error in (
        (factories.member_for(subject, "usr_of_it"), Forbidden),
        (replace(people[0], proved_at=None), ProofNeeded),
        (SYSTEM, Forbidden),
    ):
        with pytest.raises(error):
            declared(actor, subject)
    with pytest.raises(Missing):
        declared(people[0], staffed)
    assert StaffInterest.objects.count() == 0


def test_two_others_end_an_interest(people, subject):
    interest = declared(people[0], subject)
    stated = {"interest": interest.public_id, "reason": ENDING}
    with pytest.raises(Forbidden):
        services.end_interest(actor=people[0], **stated)
    with pytest.raises(SecondPersonNeeded):
        services.end_interest(actor=people[1], **stated)
    ended = services.end_interest(actor=people[2], **stated)
    assert (ended.end_first_person, ended.ended_by) == ("usr_two", "usr_three")
    with pytest.raises(InterestEnded):
        services.end_interest(actor=people[1], **stated)
    with pytest.raises(Missing):
        services.end_interest(actor=people[1], interest="sin_none", reason=ENDING)
    assert not [name for name, rows in verify_all("participants").items() if rows]


def test_who_declared_an_interest_suspends_admits_and_reinstates_nobody(people, subject):
    declared(people[0], subject)
    with pytest.raises(Recused):
        suspend(people[0], subject)
    admission = factories.admit(subject)
    with pytest.raises(Recused):
        services.withdraw_admission(actor=people[0], admission=admission.public_id, reason="x")
    suspend(people[1], subject)
    with pytest.raises(Recused):
        reinstate_by_two(actor=people[0], organisation=subject.public_id)
    assert (Organisation.objects.get(pk=subject.pk).state, Suspension.objects.count()) == ("suspended", 1)
    admission.refresh_from_db()
    assert admission.state == "admitted"


def test_who_declares_an_interest_after_the_first_command_reinstates_nobody(people, subject):
    suspend(people[1], subject)
    declared(people[0], subject)
    with pytest.raises(FirstPersonRecused) as refusal:
        services.reinstate_participant(
            actor=people[2], organisation=subject.public_id, first_person=people[0].identifier
        )
    assert refusal.value.fields["person"] == people[0].identifier
    assert Organisation.objects.get(pk=subject.pk).state == "suspended"


def test_who_declares_an_interest_after_the_first_command_is_replaced_by_who_gives_it_next(people, subject):
    suspend(people[1], subject)
    with pytest.raises(SecondPersonNeeded) as asked:
        reinstate_by_two(actor=people[0], organisation=subject.public_id)
    declared(people[0], subject)
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded) as again:
            reinstate_by_two(actor=people[2], organisation=subject.public_id)
    assert again.value.fields["approval"] != asked.value.fields["approval"]
    assert Organisation.objects.get(pk=subject.pk).state == "suspended"
    reinstate_by_two(actor=people[1], organisation=subject.public_id)
    assert Organisation.objects.get(pk=subject.pk).state == "active"
    assert Reinstatement.objects.get().first_person == people[2].identifier


def test_the_database_keeps_interests(people, subject, staffed):
    declared(people[0], subject)
    factories.member_for(subject, "usr_of_it")
    for person, by, of, because in (
        ("usr_of_it", "usr_of_it", subject, "no natural person of the operator"),
        ("usr_made_up", "usr_one", subject, "no natural person of the operator"),
        ("usr_one", "usr_of_it", subject, "no natural person of the operator"),
        ("usr_one", "usr_one", staffed, "declared in a participant"),
    ):
        refused(INSERT.format(person=person, by=by, organisation=of.pk), because)
    end = (
        "UPDATE participants_staffinterest SET ended_at = public.business_now(), ended_by = '{}', end_first_person = '{}',"
        " end_reason = 'x'"
    )
    for second, first, because in (
        ("usr_two", "usr_two", "interest_ended_by_two"),
        ("usr_one", "usr_two", "interest_ended_by_two"),
        ("usr_two", "usr_one", "interest_ended_by_two"),
        ("usr_of_it", "usr_two", "no natural persons of the operator"),
        ("usr_two", "usr_of_it", "no natural persons of the operator"),
    ):
        refused(end.format(second, first), because)
    refused(end.format("usr_three", "usr_two").replace("'x'", "NULL"), "interest_ended_by_two")
    refused("UPDATE participants_staffinterest SET person = 'usr_two'", "cannot be changed")
    refused("UPDATE participants_staffinterest SET salt = repeat('0', 64)", "cannot be changed")
    declared(people[1], subject)
    refused(end.format("usr_three", "usr_two") + " WHERE person = 'usr_one'", "declared an interest")
    refused("DELETE FROM participants_staffinterest", "are kept")
    assert StaffInterest.objects.filter(ended_at=None).count() == 2
    with unguarded("participants_staffinterest"):
        StaffInterest.objects.filter(person="usr_one").update(person="usr_of_it")
    assert len(REGISTER["participants.interests_kept"].check()) == 1


def test_the_database_recuses_who_declared_an_interest(people, subject):
    suspend(people[1], subject)
    declared(people[0], subject)
    attack = (
        "INSERT INTO participants_suspension (public_id, organisation_id, kind, reason_code, reason, reference, effective_on,"
        " suspended_by, suspended_at) SELECT 'sus_raw', organisation_id, kind, reason_code, 'x', 'raw', effective_on, 'usr_one',"
        " public.business_now() FROM participants_suspension"
    )
    refused(attack, "declared an interest")
    reinstate = (
        "INSERT INTO participants_reinstatement (organisation_id, suspension_id, first_person, reinstated_by, reinstated_at)"
        " SELECT organisation_id, id, '{}', '{}', public.business_now() FROM participants_suspension"
    )
    for first, second in (("usr_one", "usr_two"), ("usr_two", "usr_one")):
        refused(reinstate.format(first, second), "declared an interest")
    assert Suspension.objects.count() == 1
    clock.move_to(clock.now() + timedelta(minutes=1))
    with unguarded("participants_suspension"):
        run(attack)
    assert len(REGISTER["participants.recused_from_suspensions"].check()) == 1
