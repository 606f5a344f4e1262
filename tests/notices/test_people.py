"""What organisations are told, and have to do, about their people and programs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.events.models import OutboxEvent
from marketplace.events.schemas import members
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.handlers import people
from marketplace.notices.handlers.recoveries import on_owner_recovery_moved
from marketplace.notices.models import MailMessage, Task
from marketplace.participants import services, sweeping
from marketplace.participants.models import Membership, User
from tests.participants import factories as parties
from tests.participants import recoveries

from .factories import handle, inbox, notice_titles

pytestmark = pytest.mark.django_db

HANDLERS = {
    members.MemberJoined: people.on_member_joined,
    members.MemberChanged: people.on_member_changed,
    members.SecondOwnerNeeded: people.on_second_owner_needed,
    members.SecondOwnerEnded: people.on_second_owner_ended,
    members.ProgramChanged: people.on_program_changed,
    members.LoginChanged: people.on_login_changed,
    members.LoginReleaseProposed: people.on_login_release_proposed,
    members.OwnerRecoveryMoved: on_owner_recovery_moved,
}
"""The handler of each event, as the settings subscribe it."""


@pytest.fixture
def subject():
    return parties.organisation()


@pytest.fixture
def owner(subject):
    return parties.actor_of(parties.owner_of(subject))


_HEARD: dict[str, int] = {}


def hear_all() -> None:
    """Hand every event of people that was emitted since the last time to its handler."""
    kinds = {kind.type: kind for kind in HANDLERS}
    last = _HEARD.get("last", 0)
    for row in OutboxEvent.objects.filter(type__in=kinds, pk__gt=last).order_by("pk"):
        kind = kinds[row.type]
        handle(HANDLERS[kind], kind(**row.data))
        _HEARD["last"] = row.pk


def test_the_owners_are_told_who_joined(subject, owner):
    row = services.invite(actor=owner, email="new@example.jp", roles=["trader"])
    services.accept_invitation(token=parties.token_in_mail(row), name="x", password="a-long-enough-secret")
    hear_all()
    assert notice_titles(subject) == ["構成員が加わりました"]
    told = MailMessage.objects.filter(address=User.objects.get(public_id=owner.identifier).email)
    assert told.count() == 1


def test_what_waits_for_a_second_owner_is_a_task_until_it_is_decided(subject, owner):
    second = parties.actor_of(parties.person_of(subject, "second", ("owner",)))
    member = parties.person_of(subject, "member", ("trader",))
    row = services.grant_role(actor=owner, member=Membership.objects.get(user=member).public_id, role="owner")
    hear_all()
    assert inbox(subject) == [("second", row.public_id, "open")]
    assert "役割の付与" in Task.objects.get().title["ja"]
    services.confirm_change(actor=second, change=row.public_id)
    handle(
        people.on_second_owner_ended,
        members.SecondOwnerEnded(organisation=subject.public_id, matter=row.public_id),
    )
    assert inbox(subject) == [("second", row.public_id, "done")]


def left_with_a_program(subject):
    """A program whose person has left, before anybody heard of it."""
    program = parties.application_of(subject, ("market:read",))
    parties.person_of(subject, "stays", ("owner",))
    services.leave(actor=parties.actor_of(program.responsible))
    return program


def test_a_program_that_nobody_answers_for_is_a_task_until_somebody_does(subject):
    program = left_with_a_program(subject)
    hear_all()
    assert inbox(subject) == [("take_over", program.public_id, "open")]
    owner = parties.actor_of(parties.owner_of(subject))
    reader = parties.person_of(subject, "reader", ("auditor",))
    services.offer_program(actor=owner, application=program.public_id, person=reader.public_id)
    hear_all()
    assert inbox(subject) == [("take_over", program.public_id, "open")]
    services.take_over_program(actor=parties.actor_of(reader), application=program.public_id)
    hear_all()
    assert inbox(subject) == [("take_over", program.public_id, "done")]


def test_a_program_that_nobody_answers_for_without_a_task_is_named(subject):
    check = REGISTER["notices.unanswered_program_has_a_task"].check
    program = left_with_a_program(subject)
    assert check() == []
    clock.move_to(clock.now() + timedelta(minutes=11))
    assert check() == [{"public_id": program.public_id}]
    hear_all()
    assert check() == []


def test_a_secret_that_ends_is_a_task_until_it_is_rotated(subject, owner):
    made = services.create_application(actor=owner, name="x", scopes=["market:read"], valid_days=10)
    sweeping.warn_expiring()
    hear_all()
    assert inbox(subject) == [("renew", made.public_id, "open")]
    assert Task.objects.get().deadline == made.expires_at
    services.rotate_secret(actor=owner, application=made.public_id)
    event = members.ProgramChanged(
        organisation=subject.public_id,
        program=made.public_id,
        change="rotated",
        expires_at=made.expires_at.isoformat(),
    )
    handle(people.on_program_changed, event)
    assert inbox(subject) == [("renew", made.public_id, "done")]


def test_a_locked_login_is_told_and_its_programs_have_tasks_until_it_is_released(subject):
    operator = parties.operator()
    first, second = (
        parties.actor_of(parties.person_of(operator, name, ("admission",))) for name in ("one", "two")
    )
    program = parties.application_of(subject, ("market:read",))
    lock = services.lock_login(actor=first, person=program.responsible.public_id, reason="x")
    hear_all()
    assert ("take_over", program.public_id, "open") in inbox(subject)
    assert "構成員のログインが停止されました" in notice_titles(subject)
    services.release_login(actor=first, lock=lock.public_id)
    hear_all()
    assert inbox(operator) == [("unlock", lock.public_id, "open")]
    services.release_login(actor=second, lock=lock.public_id)
    hear_all()
    assert (inbox(operator)[-1][2], inbox(subject)[-1][2]) == ("done", "done")


def test_a_recovery_has_a_task_for_each_step_and_the_organisation_is_told(subject):
    operator = parties.operator()
    first, second = recoveries.staff(operator)
    row = recoveries.filed(subject)
    hear_all()
    assert inbox(operator) == [("recover", row.public_id, "open")]
    assert notice_titles(subject) == []
    services.propose_recovery(actor=first, recovery=row.public_id, reason="x")
    services.confirm_recovery(actor=second, recovery=row.public_id)
    hear_all()
    assert {state for _, _, state in inbox(operator)} == {"done"}
    assert notice_titles(subject) == ["代表管理者の変更手続が開始されました"]
    member = parties.actor_of(parties.person_of(subject, "member", ("trader",)))
    services.object_as_member(actor=member, recovery=row.public_id, reason="x")
    hear_all()
    assert inbox(operator)[-1] == ("recover", row.public_id, "open")
    services.refuse_recovery(actor=first, recovery=row.public_id, reason="x")
    hear_all()
    assert {state for _, _, state in inbox(operator)} == {"done"}
