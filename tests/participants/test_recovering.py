"""A lost owner is recovered: evidence, two people, every contact told, five business days, and only the mailed person."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    PermissionNeeded,
)
from marketplace.participants import services, sweeping
from marketplace.participants.bounds import INVITATIONS_OPEN_MAX
from marketplace.participants.errors import InvitationUnknown, ObjectionUnknown, RecoveryOpen
from marketplace.participants.models import Invitation, Membership, Organisation, OwnerRecovery, RoleGrant
from tests.client import KeyedClient
from tests.roles import unguarded

from . import factories, recoveries
from .recoveries import ADDRESS, PDF
from .test_payouts import broken

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def operator():
    return factories.operator()


@pytest.fixture
def subject(operator):
    return factories.organisation()


def roles(user):
    grants = RoleGrant.objects.filter(membership__user=user, revoked_at=None)
    return sorted(grants.values_list("role", flat=True))


def objection_tokens():
    """The tokens that known contacts got, by address."""
    run_due("mail")
    found = {}
    for each in mail.outbox:
        if token := re.search(r"^(ivk_\S+)$", each.body, re.MULTILINE):
            found[each.to[0]] = token[1]
    return found


def test_the_new_owner_takes_the_role_of_the_lost_one(subject, operator):
    lost = factories.person_of(subject, "lost", ("owner", "finance"))
    row = recoveries.waiting(subject, operator)
    clock.move_to(row.ends_at)
    assert (sweeping.conclude_due(), sweeping.conclude_due()) == (1, 0)
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.roles, invitation.invited_by) == (ADDRESS, ["owner"], "system")
    joined = services.accept_invitation(
        token=factories.token_in_mail(invitation), name="新 代表", password="a-long-enough-secret"
    )
    assert (roles(joined.user), roles(lost)) == (["owner"], ["finance"])
    assert Membership.objects.get(user=lost).ended_at is None
    kinds = list(EvidenceRecord.objects.filter(kind__startswith="participants.owner_recovery").order_by("pk"))
    assert [record.kind.rpartition("_")[2] for record in kinds] == [
        "filed",
        "proposed",
        "waiting",
        "concluded",
    ]
    assert ADDRESS not in repr([record.payload for record in kinds])
    assert OutboxEvent.objects.filter(type="owner_recovery.moved").count() == 4


def test_a_colleague_may_be_the_new_owner(subject, operator):
    lost = factories.person_of(subject, "lost", ("owner",))
    colleague = factories.person_of(subject, "colleague", ("trader",))
    row = recoveries.waiting(subject, operator, email=colleague.email)
    clock.move_to(row.ends_at)
    assert sweeping.conclude_due() == 1
    token = factories.token_in_mail(Invitation.objects.get())
    services.join_organisation(actor=factories.actor_of(colleague), token=token)
    assert (roles(colleague), roles(lost)) == (["owner", "trader"], [])
    assert Membership.objects.filter(user=colleague).count() == 1


def test_the_waiting_time_is_five_business_days(subject, operator):
    friday = datetime(2027, 4, 23, 15, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    clock.move_to(friday)
    row = recoveries.waiting(subject, operator)
    # 29 April, 3, 4 and 5 May are holidays.
    assert row.ends_at.astimezone(friday.tzinfo) == datetime(2027, 5, 6, 23, 59, 59, tzinfo=friday.tzinfo)


def test_every_known_contact_is_told_at_once_and_one_objection_stops_it(subject, operator):
    lost = factories.person_of(subject, "lost", ("owner",))
    member = factories.person_of(subject, "member", ("trader",))
    former = factories.person_of(subject, "former", ("owner",))
    services.leave(actor=factories.actor_of(former))
    factories.application_for(subject)
    row = recoveries.waiting(subject, operator)
    tokens = objection_tokens()
    assert set(tokens) >= {lost.email, member.email, former.email, "security@example.jp"}
    assert ADDRESS not in tokens
    with pytest.raises(ObjectionUnknown):
        services.object_to_recovery(token="ivk_wrong", reason="x")
    with pytest.raises(FieldInvalid):
        services.object_to_recovery(token=tokens[member.email], reason=" ")
    stopped = services.object_to_recovery(token=tokens[member.email], reason="在籍しています")
    assert stopped.state == "objected"
    with pytest.raises(ObjectionUnknown):
        services.object_to_recovery(token=tokens[lost.email], reason="x")
    clock.move_to(row.ends_at + timedelta(days=1))
    assert (sweeping.conclude_due(), Invitation.objects.count(), roles(lost)) == (0, 0, ["owner"])
    first, _ = (factories.actor_of(factories.person_of(operator, name, ("admission",))) for name in "ab")
    assert services.refuse_recovery(actor=first, recovery=row.public_id, reason="異議").state == "refused"


def test_a_member_objects_signed_in_and_nobody_else_does(subject, operator):
    member = factories.actor_of(factories.person_of(subject, "member", ("trader",)))
    stranger = factories.actor_of(factories.owner_of(factories.organisation("B")))
    row = recoveries.waiting(subject, operator)
    with pytest.raises(Missing):
        services.object_as_member(actor=stranger, recovery=row.public_id, reason="x")
    assert services.object_as_member(actor=member, recovery=row.public_id, reason="x").state == "objected"
    with pytest.raises(IllegalTransition):
        services.object_as_member(actor=member, recovery=row.public_id, reason="y")
    assert OwnerRecovery.objects.get().objection == "x"


def test_two_people_of_admission_decide(subject, operator):
    row = recoveries.filed(subject)
    first, second = recoveries.staff(operator)
    clerk = factories.actor_of(factories.person_of(operator, "clerk", ("clearing", "owner")))
    owner = factories.actor_of(factories.owner_of(subject))
    for actor in (clerk, owner):
        for command, more in (
            (services.propose_recovery, {"reason": "x"}),
            (services.confirm_recovery, {}),
            (services.refuse_recovery, {"reason": "x"}),
        ):
            with pytest.raises(PermissionNeeded):
                command(actor=actor, recovery=row.public_id, **more)
    with pytest.raises(IllegalTransition):
        services.confirm_recovery(actor=second, recovery=row.public_id)
    with pytest.raises(Missing):
        services.propose_recovery(actor=first, recovery="rcv_none", reason="x")
    services.propose_recovery(actor=first, recovery=row.public_id, reason="x")
    with pytest.raises(Forbidden):
        services.confirm_recovery(actor=first, recovery=row.public_id)
    other = recoveries.filed(subject, email="other@example.jp")
    with pytest.raises(RecoveryOpen):
        services.propose_recovery(actor=second, recovery=other.public_id, reason="x")
    assert OwnerRecovery.objects.get(pk=row.pk).state == "proposed"
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content": b""}, "file"),
        ({"content": b"#!/bin/sh"}, "file"),
        ({"content": PDF + b"x" * (5 << 20)}, "file"),
        ({"email": "no address"}, "email"),
        ({"name": " "}, "name"),
        ({"statement": " "}, "statement"),
        ({"language": "fr"}, "language"),
    ],
)
def test_a_bad_request_is_refused(subject, changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        recoveries.filed(subject, **changes)
    assert (refusal.value.name, OwnerRecovery.objects.count()) == (field, 0)


def test_requests_are_bounded_and_none_is_about_the_operator(subject, operator):
    with pytest.raises(Missing):
        recoveries.filed(operator)
    for _ in range(5):
        recoveries.filed(subject)
    with pytest.raises(RecoveryOpen):
        recoveries.filed(subject)


def test_the_whole_way_over_http(subject, operator, api):
    lost = factories.person_of(subject, "lost", ("owner",))
    first, second = (factories.client_of(operator, roles=("admission",)) for _ in range(2))
    owner = factories.client_of(subject, person=lost)
    form = {
        "organisation": subject.public_id,
        "email": ADDRESS,
        "name": "新 代表",
        "statement": "代表者が死亡しました。",
        "file": SimpleUploadedFile("extract.pdf", PDF, "application/pdf"),
    }
    filed = KeyedClient().post(f"{API}/owner-recoveries/", form, format="multipart")
    assert (filed.status_code, filed.json()["state"]) == (201, "filed")
    assert {"email", "statement"}.isdisjoint(filed.json())
    path = f"{API}/owner-recoveries/{filed.json()['id']}"
    assert (owner.get(f"{path}/").status_code, KeyedClient().get(f"{path}/").status_code) == (403, 401)
    shown = first.get(f"{path}/").json()
    evidence = first.get(f"{API}/recovery-evidence/{shown['evidence'][0]['id']}/content/")
    assert (evidence.content, evidence["X-Content-Type-Options"]) == (PDF, "nosniff")
    assert owner.get(f"{API}/recovery-evidence/{shown['evidence'][0]['id']}/content/").status_code == 403
    assert first.post(f"{path}/propose/", {"reason": "確認済み"}).json()["state"] == "proposed"
    assert first.post(f"{path}/confirm/", {}).status_code == 403
    assert second.post(f"{path}/confirm/", {}).json()["state"] == "waiting"
    token = objection_tokens()[lost.email]
    body = {"token": token, "reason": "在籍しています"}
    objected = KeyedClient().post(f"{API}/invitations/object/", body)
    assert (objected.status_code, objected.json()["state"]) == (200, "objected")
    assert owner.post(f"{path}/object/", {"reason": "x"}).status_code == 409
    assert first.post(f"{path}/refuse/", {"reason": "異議"}).json()["state"] == "refused"
    assert roles(lost) == ["owner"]


@pytest.mark.parametrize("day", range(5, 12))
def test_it_is_confirmed_on_any_day_of_the_week(subject, operator, day):
    clock.move_to(datetime(2027, 6, day, 15, 0, tzinfo=ZoneInfo("Asia/Tokyo")))
    assert recoveries.waiting(subject, operator).state == "waiting"


def test_it_goes_on_when_its_first_person_may_no_more(subject, operator):
    row = recoveries.filed(subject)
    first, second = recoveries.staff(operator)
    services.propose_recovery(actor=first, recovery=row.public_id, reason="x")
    RoleGrant.objects.filter(membership__user__public_id=first.identifier).update(revoked_at=clock.now())
    again = services.confirm_recovery(actor=second, recovery=row.public_id)
    assert (again.state, again.proposed_by) == ("proposed", second.identifier)
    with pytest.raises(Forbidden):
        services.confirm_recovery(actor=second, recovery=row.public_id)
    third = factories.actor_of(factories.person_of(operator, "third", ("admission",)))
    assert services.confirm_recovery(actor=third, recovery=row.public_id).state == "waiting"
    assert broken() == {}


def test_a_lost_owner_leaves_nothing_behind_that_stops_it_or_outlives_it(subject, operator):
    lost = factories.person_of(subject, "lost", ("owner",))
    for number in range(INVITATIONS_OPEN_MAX):
        services.invite(
            actor=factories.actor_of(lost), email=f"puppet-{number}@example.jp", roles=("finance",)
        )
    token = factories.token_in_mail(Invitation.objects.earliest("pk"))
    row = recoveries.waiting(subject, operator)
    with unguarded("participants_invitation"):
        Invitation.objects.update(expires_at=row.ends_at + timedelta(days=1))
    clock.move_to(row.ends_at)
    assert sweeping.conclude_due() == 1
    joined = services.accept_invitation(
        token=factories.token_in_mail(Invitation.objects.get(email=ADDRESS)),
        name="新 代表",
        password="a-long-enough-secret",
    )
    assert (roles(joined.user), roles(lost)) == (["owner"], [])
    with pytest.raises(InvitationUnknown):
        services.accept_invitation(token=token, name="x", password="a-long-enough-secret")
    assert Invitation.objects.filter(state="open").count() == 0
    assert broken() == {}


def test_the_address_for_mail_of_an_organisation_is_told(subject, operator):
    with unguarded("participants_organisation"):
        Organisation.objects.filter(pk=subject.pk).update(contact_email="info@example.jp")
    recoveries.waiting(subject, operator)
    assert "info@example.jp" in objection_tokens()
