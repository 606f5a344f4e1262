"""Two people of one organisation give the same command: asked by one, carried out by another, once, in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.approvals.errors import NotASecondPerson, SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.approvals.services import expire_approvals, withdraw_approval
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import Forbidden, IllegalTransition, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.permissions import Permission, permissions_of
from marketplace.participants.models import Membership, RoleGrant, Session, User
from tests.participants.factories import application_of, member_for, organisation
from tests.roles import unguarded

from .asking import ask, states

BY_TWO = ("approvals.by_two_people", "participants.approvals_by_members")


def broken() -> dict[str, object]:
    found = verify_all("approvals") | verify_all("participants")
    return {name: breaches for name, breaches in found.items() if breaches}


def with_roles(actor: Actor, *roles: str) -> Actor:
    """The same person in a session in which it holds other roles."""
    return replace(actor, permissions=permissions_of(roles, proved=True, is_operator=False))


def test_two_people_of_a_participant_give_a_command(first, second, owners):
    with pytest.raises(SecondPersonNeeded) as needed:
        ask(first, account="0001")
    pending = Approval.objects.get()
    assert needed.value.fields["approval"] == pending.public_id
    assert (pending.organisation, pending.permission, pending.first_person, pending.first_responsible) == (
        owners.public_id,
        "payout:write",
        "usr_first",
        "usr_first",
    )
    done = ask(second, account="0001")
    assert (done.pk, done.state, done.ended_by) == (pending.pk, "approved", "usr_second")
    told = EvidenceRecord.objects.filter(subject=pending.public_id).order_by("pk")
    assert [(row.kind, row.actor) for row in told] == [
        ("approvals.asked", "usr_first"),
        ("approvals.approved", "usr_second"),
    ]
    events = OutboxEvent.objects.filter(subject=pending.public_id).order_by("pk")
    assert [(row.type, row.data["organisation"]) for row in events] == [
        ("approval.asked", owners.public_id),
        ("approval.ended", owners.public_id),
    ]
    assert broken() == {}


def test_the_same_person_is_never_the_second(first):
    for _ in range(3):
        with pytest.raises(SecondPersonNeeded):
            ask(first)
    assert states() == ["pending"]


def test_a_person_of_another_organisation_approves_nothing(first, stranger, owners):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    with pytest.raises(Missing):
        ask(stranger, of=owners.public_id)
    with pytest.raises(SecondPersonNeeded):
        ask(stranger)
    assert states() == ["pending", "pending"]
    assert {row.organisation for row in Approval.objects.all()} == {owners.public_id, stranger.organisation}


def test_both_need_the_permission(first, second):
    with pytest.raises(PermissionNeeded):
        ask(with_roles(first, "trader", "auditor"))
    assert states() == []
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    with pytest.raises(PermissionNeeded):
        ask(with_roles(second, "trader", "auditor"))
    assert states() == ["pending"]


def test_the_second_has_a_fresh_proof_even_where_the_first_needs_none(first, second):
    stale = replace(second, proved_at=clock.real_now() - timedelta(minutes=11))
    with pytest.raises(SecondPersonNeeded):
        ask(first, Permission.NEGOTIATIONS_WRITE)
    for actor in (stale, replace(second, proved_at=None)):
        with pytest.raises(ProofNeeded):
            ask(actor, Permission.NEGOTIATIONS_WRITE)
    assert states() == ["pending"]
    assert ask(second, Permission.NEGOTIATIONS_WRITE).state == "approved"


def test_a_proof_that_no_session_has_is_none(first, second):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    Session.objects.filter(user__public_id="usr_second").update(
        proved_at=clock.real_now() - timedelta(minutes=11)
    )
    with pytest.raises(NotASecondPerson):
        ask(second)
    assert states() == ["pending"]


def test_roles_on_record_decide_not_what_the_caller_says(first, second, owners):
    with unguarded("participants_rolegrant"):
        RoleGrant.objects.filter(membership__user__public_id="usr_second").exclude(role="trader").update(
            revoked_at=clock.now()
        )
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    with pytest.raises(NotASecondPerson):
        ask(second)
    with pytest.raises(NotASecondPerson):
        ask(replace(second, identifier="usr_made_up", responsible="usr_made_up"))
    assert states() == ["pending"]


def test_who_has_left_asked_nothing(first, second, owners):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    with unguarded("participants_membership"):
        Membership.objects.filter(user__public_id="usr_first").update(ended_at=clock.now())
    with pytest.raises(SecondPersonNeeded) as needed:
        ask(second)
    assert states() == ["expired", "pending"]
    asked = Approval.objects.get(state="pending")
    assert (asked.first_person, asked.public_id) == ("usr_second", needed.value.fields["approval"])
    third = member_for(owners, "usr_third")
    assert ask(third).pk == asked.pk
    assert broken() == {}


def test_whoever_may_not_act_asks_nothing(first):
    User.objects.filter(public_id="usr_first").update(is_active=False)
    with pytest.raises(Forbidden):
        ask(first)
    assert states() == []


def test_the_system_is_neither_of_the_two(owners):
    with pytest.raises(Forbidden):
        ask(SYSTEM, of=owners.public_id)
    assert states() == []


def test_a_program_asks_for_its_person_who_is_no_second(first, second, owners):
    made = application_of(owners)
    person = member_for(owners, made.responsible.public_id)
    program = replace(
        person,
        identifier=made.public_id,
        proved_at=None,
        permissions=frozenset({Permission.NEGOTIATIONS_WRITE}),
    )
    with pytest.raises(SecondPersonNeeded):
        ask(program, Permission.NEGOTIATIONS_WRITE)
    with pytest.raises(SecondPersonNeeded):
        ask(person, Permission.NEGOTIATIONS_WRITE)
    other = replace(program, identifier=application_of(owners).public_id, responsible=second.identifier)
    with pytest.raises(Forbidden):
        ask(other, Permission.NEGOTIATIONS_WRITE)
    assert states() == ["pending"]
    done = ask(second, Permission.NEGOTIATIONS_WRITE)
    assert (done.first_person, done.first_responsible, done.state) == (
        made.public_id,
        person.identifier,
        "approved",
    )
    assert broken() == {}


def test_other_content_is_another_approval(first, second):
    with pytest.raises(SecondPersonNeeded):
        ask(first, account="0001")
    for other in ({"account": "0002"}, {"account": "0001", "command": "test.other"}):
        with pytest.raises(SecondPersonNeeded):
            ask(second, **other)
    assert states() == ["pending"] * 3


def test_an_approval_expires_after_the_time_that_its_command_gives(first, second):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    clock.move_to(clock.now() + timedelta(hours=24), running=False)
    assert (expire_approvals(), states()) == (1, ["expired"])
    with pytest.raises(SecondPersonNeeded):
        ask(second)
    assert (expire_approvals(), states()) == (0, ["expired", "pending"])
    assert broken() == {}


def test_it_is_withdrawn_by_the_first_or_who_may_approve_it(first, second, stranger):
    with pytest.raises(SecondPersonNeeded) as needed:
        ask(first)
    identifier = needed.value.fields["approval"]
    with pytest.raises(Missing):
        withdraw_approval(actor=stranger, approval=identifier)
    with pytest.raises(Missing):
        withdraw_approval(actor=with_roles(second, "trader"), approval=identifier)
    with pytest.raises(PermissionNeeded):
        withdraw_approval(actor=with_roles(second, "auditor"), approval=identifier)
    assert states() == ["pending"]
    assert withdraw_approval(actor=with_roles(first, "trader"), approval=identifier).state == "withdrawn"
    assert withdraw_approval(actor=second, approval=identifier).ended_by == "usr_first"
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    done = ask(second)
    with pytest.raises(IllegalTransition):
        withdraw_approval(actor=first, approval=done.public_id)


def test_the_operator_is_no_second_person_of_a_participant(first, owners):
    from_outside = member_for(organisation("C"), "usr_outside")
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    inside = replace(
        from_outside, organisation=owners.public_id, organisation_id=owners.pk, permissions=first.permissions
    )
    with pytest.raises(NotASecondPerson):
        ask(inside)
    assert states() == ["pending"]
