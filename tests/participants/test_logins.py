"""Locked logins, which two release, and lost second factors, which an owner resets after a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail

from fixtures.sessions import open_session
from marketplace.events.models import OutboxEvent
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    PermissionNeeded,
    ProofNeeded,
)
from marketplace.participants import people_queries, services, sweeping
from marketplace.participants.errors import LockReleased, LoginLocked, ResetOpen
from marketplace.participants.models import (
    LoginLock,
    Membership,
    RoleGrant,
    SecondFactorReset,
    Session,
    User,
)
from marketplace.participants.principal import load_person
from marketplace.participants.second_person_errors import NobodyReleases

from . import factories
from .test_payouts import broken

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def subject():
    return factories.organisation()


@pytest.fixture
def operator():
    return factories.operator()


@pytest.fixture
def first(operator):
    return factories.actor_of(factories.person_of(operator, "first", ("admission",)))


@pytest.fixture
def second(operator):
    return factories.actor_of(factories.person_of(operator, "second", ("admission",)))


def member_of(person):
    return Membership.objects.get(user=person).public_id


def test_a_locked_login_ends_at_once_and_two_release_it(subject, first, second):
    program = factories.application_of(subject, ("market:read",))
    person = program.responsible
    session, client = open_session(person), factories.bearer_client(factories.token_of(program))
    lock = services.lock_login(actor=first, person=person.public_id, reason="不審な利用")
    assert (load_person(session, None), Session.objects.filter(user=person).count()) == (None, 0)
    assert client.get(f"{API}/me/").status_code == 403
    assert people_queries.programs_without_ground(subject.public_id) == [program.public_id]
    run_due("mail")
    assert (mail.outbox[-1].to, lock.public_id in mail.outbox[-1].body) == ([person.email], True)
    assert "不審" not in mail.outbox[-1].body
    with pytest.raises(LoginLocked):
        services.lock_login(actor=second, person=person.public_id, reason="x")
    services.release_login(actor=first, lock=lock.public_id)
    with pytest.raises(Forbidden):
        services.release_login(actor=first, lock=lock.public_id)
    assert not User.objects.get(pk=person.pk).is_active
    released = services.release_login(actor=second, lock=lock.public_id)
    assert (released.release_proposed_by, released.released_by) == (first.identifier, second.identifier)
    assert User.objects.get(pk=person.pk).is_active
    assert client.get(f"{API}/me/").json()["permissions"] == ["market:read"]
    with pytest.raises(LockReleased):
        services.release_login(actor=second, lock=lock.public_id)
    assert OutboxEvent.objects.filter(type="login.changed").count() == 2


def test_who_may_not_locks_nobody(subject, operator, first):
    person = factories.person_of(subject, "person")
    clerk = factories.actor_of(factories.person_of(operator, "clerk", ("clearing", "owner")))
    for actor, refusal in (
        (factories.actor_of(factories.owner_of(subject)), PermissionNeeded),
        (clerk, PermissionNeeded),
        (factories.actor_for(operator, "app_program"), Forbidden),
    ):
        with pytest.raises(refusal):
            services.lock_login(actor=actor, person=person.public_id, reason="x")
    for changes, refusal in (
        ({"person": "usr_nobody"}, Missing),
        ({"reason": " "}, FieldInvalid),
        ({"person": first.identifier}, FieldInvalid),
    ):
        with pytest.raises(refusal):
            services.lock_login(**{"actor": first, "person": person.public_id, "reason": "x", **changes})
    assert (LoginLock.objects.count(), User.objects.filter(is_active=False).count()) == (0, 0)
    with pytest.raises(Missing):
        services.release_login(actor=first, lock="lck_none")


def with_factor(person):
    return Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})


def test_a_lost_second_factor_is_taken_a_day_after_an_owner_asked(subject):
    owner = factories.actor_of(factories.owner_of(subject))
    person = factories.person_of(subject, "person", ("trader",))
    with_factor(person)
    session = open_session(person)
    row = services.ask_second_factor_reset(actor=owner, member=member_of(person), reason="紛失")
    run_due("mail")
    assert (mail.outbox[-1].to, "24時間" in mail.outbox[-1].body) == ([person.email], True)
    assert sweeping.reset_due() == 0
    assert (Authenticator.objects.count(), load_person(session, None) is not None) == (1, True)
    with pytest.raises(ResetOpen):
        services.ask_second_factor_reset(actor=owner, member=member_of(person), reason="again")
    clock.move_to(row.ends_at)
    assert (sweeping.reset_due(), sweeping.reset_due()) == (1, 0)
    row.refresh_from_db()
    assert (row.state, Authenticator.objects.count(), load_person(session, None)) == ("done", 0, None)
    run_due("mail")
    assert "解除しました" in mail.outbox[-1].subject


@pytest.mark.parametrize("by", ["person", "owner"])
def test_the_person_or_an_owner_stops_it(subject, by):
    owner = factories.actor_of(factories.owner_of(subject))
    person = factories.person_of(subject, "person", ("trader",))
    with_factor(person)
    row = services.ask_second_factor_reset(actor=owner, member=member_of(person), reason="x")
    stopping = (
        factories.actor_of(person)
        if by == "person"
        else factories.actor_of(factories.person_of(subject, "other", ("owner",)))
    )
    services.stop_second_factor_reset(actor=stopping, reset=row.public_id)
    clock.move_to(row.ends_at)
    assert (sweeping.reset_due(), Authenticator.objects.count()) == (0, 1)
    with pytest.raises(IllegalTransition):
        services.stop_second_factor_reset(actor=stopping, reset=row.public_id)


def test_who_may_not_resets_nobodys(subject, operator):
    person = factories.person_of(subject, "person", ("trader",))
    owner = factories.owner_of(subject)
    stranger = factories.actor_of(factories.owner_of(factories.organisation("B")))
    staff = factories.actor_of(factories.person_of(operator, "staff"))
    for actor, refusal in (
        (factories.actor_of(person), PermissionNeeded),
        (stranger, Missing),
        (staff, Missing),
        (factories.actor_of(owner, proved_seconds_ago=11 * 60), ProofNeeded),
        (factories.actor_for(subject, "app_program"), Forbidden),
    ):
        with pytest.raises(refusal):
            services.ask_second_factor_reset(actor=actor, member=member_of(person), reason="x")
    asking = factories.actor_of(owner)
    for changes in ({"member": member_of(owner)}, {"reason": " "}):
        with pytest.raises(FieldInvalid):
            services.ask_second_factor_reset(
                **{"actor": asking, "member": member_of(person), "reason": "x", **changes}
            )
    assert SecondFactorReset.objects.count() == 0
    row = services.ask_second_factor_reset(actor=asking, member=member_of(person), reason="x")
    for actor in (stranger, staff):
        with pytest.raises(Missing):
            services.stop_second_factor_reset(actor=actor, reset=row.public_id)
    assert SecondFactorReset.objects.get().state == "waiting"


def test_at_the_operator_a_second_owner_confirms_it(operator):
    owners = [factories.person_of(operator, name, ("owner",)) for name in ("a", "b", "c")]
    asking, lost, other = (factories.actor_of(person) for person in owners)
    row = services.ask_second_factor_reset(actor=asking, member=member_of(owners[1]), reason="x")
    assert row.state == "proposed"
    clock.move_to(row.asked_at + timedelta(days=2))
    assert sweeping.reset_due() == 0
    again = [factories.actor_of(person) for person in owners]
    with pytest.raises(Forbidden):
        services.confirm_second_factor_reset(actor=again[0], reset=row.public_id)
    with pytest.raises(FieldInvalid):
        services.confirm_second_factor_reset(actor=again[1], reset=row.public_id)
    confirmed = services.confirm_second_factor_reset(actor=again[2], reset=row.public_id)
    assert (confirmed.state, confirmed.ends_at > row.ends_at) == ("waiting", True)
    clock.move_to(confirmed.ends_at)
    assert sweeping.reset_due() == 1
    assert (lost.identifier, other.identifier) != ("", "")


def test_what_no_second_owner_confirms_in_time_is_stopped(operator):
    owners = [factories.person_of(operator, name, ("owner",)) for name in ("a", "b", "c")]
    asking, _, other = (factories.actor_of(person) for person in owners)
    with_factor(owners[1])
    row = services.ask_second_factor_reset(actor=asking, member=member_of(owners[1]), reason="x")
    clock.move_to(row.ends_at)
    with pytest.raises(Missing):
        services.confirm_second_factor_reset(actor=other, reset=row.public_id)
    assert (sweeping.reset_due(), sweeping.reset_due()) == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.ended_by, Authenticator.objects.count()) == ("stopped", "system", 1)
    assert OutboxEvent.objects.filter(type="second_owner.ended", data__matter=row.public_id).count() == 1
    assert services.ask_second_factor_reset(actor=asking, member=member_of(owners[1]), reason="x").state == (
        "proposed"
    )


def test_the_routes(subject, operator):
    staff = [factories.client_of(operator, roles=("admission",)) for _ in range(2)]
    owner = factories.client_of(subject, person=factories.owner_of(subject))
    person = factories.person_of(subject, "person", ("trader",))
    body = {"person": person.public_id, "reason": "第三者による利用の疑い"}
    assert owner.post(f"{API}/login-locks/", body).status_code == 403
    locked = staff[0].post(f"{API}/login-locks/", body)
    assert (locked.status_code, locked.json()["person"]) == (201, person.public_id)
    assert owner.get(f"{API}/login-locks/").status_code == 403
    path = f"{API}/login-locks/{locked.json()['id']}"
    auditor = factories.client_of(operator, roles=("auditor",))
    for read in ("login-locks", "owner-recoveries", "recovery-evidence"):
        assert auditor.get(f"{API}/{read}/").status_code == 200
    assert auditor.post(f"{path}/release/", {}).status_code == 403
    assert staff[0].post(f"{path}/release/", {}).json()["released_at"] is None
    assert staff[0].post(f"{path}/release/", {}).status_code == 403
    assert staff[1].post(f"{path}/release/", {}).json()["released_at"] is not None

    asked = owner.post(f"{API}/second-factor-resets/", {"member": member_of(person), "reason": "端末の紛失"})
    assert (asked.status_code, asked.json()["state"]) == (201, "waiting")
    path = f"{API}/second-factor-resets/{asked.json()['id']}"
    stranger = factories.client_of(factories.organisation("B"))
    assert stranger.get(f"{path}/").status_code == 404
    assert stranger.post(f"{path}/stop/", {}).status_code == 404
    assert owner.post(f"{path}/confirm/", {}).status_code == 409
    mine = factories.client_of(subject, person=person)
    assert mine.post(f"{path}/stop/", {}).json()["state"] == "stopped"


def test_a_release_goes_on_when_its_first_person_may_no_more(subject, operator, first, second):
    person = factories.person_of(subject, "person")
    lock = services.lock_login(actor=first, person=person.public_id, reason="x")
    services.release_login(actor=first, lock=lock.public_id)
    RoleGrant.objects.filter(membership__user__public_id=first.identifier).update(revoked_at=clock.now())
    again = services.release_login(actor=second, lock=lock.public_id)
    assert (again.release_proposed_by, again.released_by) == (second.identifier, None)
    assert not User.objects.get(pk=person.pk).is_active
    third = factories.actor_of(factories.person_of(operator, "third", ("admission",)))
    assert services.release_login(actor=third, lock=lock.public_id).released_by == third.identifier
    assert User.objects.get(pk=person.pk).is_active
    assert broken() == {}


def test_nobody_locks_out_those_who_could_release(subject, operator, first, second):
    owners = [factories.person_of(operator, name, ("owner",)) for name in ("a", "b")]
    # With two owners who give the role to others, one of two of admission is locked; then no owner is.
    services.lock_login(actor=first, person=second.identifier, reason="x")
    for person in owners:
        with pytest.raises(NobodyReleases):
            services.lock_login(actor=first, person=person.public_id, reason="x")
    assert list(LoginLock.objects.values_list("user__public_id", flat=True)) == [second.identifier]
    for name in ("third", "fourth"):
        factories.person_of(operator, name, ("admission",))
    assert services.lock_login(actor=first, person=owners[0].public_id, reason="x").user == owners[0]
    assert broken() == {}


def test_a_reset_ends_with_the_role_of_who_asked(subject):
    asking = factories.person_of(subject, "asking", ("owner",))
    factories.person_of(subject, "stays", ("owner",))
    person = factories.person_of(subject, "person", ("trader",))
    with_factor(person)
    row = services.ask_second_factor_reset(
        actor=factories.actor_of(asking), member=member_of(person), reason="x"
    )
    services.leave(actor=factories.actor_of(asking))
    clock.move_to(row.ends_at)
    assert sweeping.reset_due() == 1
    row.refresh_from_db()
    assert (row.state, row.ended_by, Authenticator.objects.count()) == ("stopped", "system", 1)
    assert broken() == {}
