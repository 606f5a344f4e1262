"""A trustee is appointed by two people of admission with the court's document, and acts alone in the proceedings."""

from __future__ import annotations

import pytest
from django.db import connection

from fixtures.sessions import open_session
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from marketplace.participants import services
from marketplace.participants.models import (
    Invitation,
    MemberChange,
    Membership,
    RoleGrant,
    TrusteeAppointment,
    User,
)
from tests.roles import assert_refused, unguarded

from . import factories
from .accounts import OTHER_ACCOUNT, signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/v1/trustee-appointments/"
ACCOUNTS = "/api/v1/payout-account-changes/"


@pytest.fixture
def operator():
    return factories.operator()


@pytest.fixture
def subject(operator):
    return factories.organisation("売", payout_account=factories.PAYOUT_ACCOUNT)


@pytest.fixture
def owner(subject):
    return factories.person_of(subject, "owner", ["owner", "finance"])


@pytest.fixture
def staff(operator):
    return [factories.person_of(operator, f"staff{number}", ["admission"]) for number in range(2)]


@pytest.fixture
def insolvent(subject):
    open_proceedings(subject)
    return subject


def open_proceedings(subject) -> None:
    services.suspend_participant(
        actor=SYSTEM,
        organisation=subject.public_id,
        kind="insolvency",
        reason_code="opening",
        reason="破産手続開始",
        reference="令和8年(フ)第1号",
    )


def stated(subject, **changes):
    return {
        "organisation": subject.public_id,
        "email": "Trustee@example.jp",
        "name": "管財 一郎",
        "document": "令和8年(フ)第1号",
        "document_sha256": "0" * 64,
    } | changes


def propose(person, subject, **changes):
    return signed_in(person).post(PATH, stated(subject, **changes), format="json")


def appointed(staff, subject, **changes) -> User:
    row = propose(staff[0], subject, **changes).json()["id"]
    answer = signed_in(staff[1]).post(f"{PATH}{row}/appoint/")
    assert answer.status_code == 200, answer.json()
    return TrusteeAppointment.objects.get(public_id=row).user


def test_two_people_appoint_and_the_trustee_acts_alone(insolvent, owner, staff):
    row = propose(staff[0], insolvent).json()
    assert (row["state"], propose(staff[0], insolvent).json()["id"]) == ("proposed", row["id"])
    for person, code in ((staff[0], "forbidden"), (owner, "permission_needed")):
        answer = signed_in(person).post(f"{PATH}{row['id']}/appoint/")
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert RoleGrant.objects.filter(role="trustee").count() == 0
    assert signed_in(staff[1]).post(f"{PATH}{row['id']}/appoint/").json()["state"] == "appointed"
    trustee = User.objects.get(email="trustee@example.jp")
    change = signed_in(owner).post(ACCOUNTS, {"payout_account": OTHER_ACCOUNT}, format="json")
    assert (change.status_code, change.json()["code"]) == (403, "trustee_acts")
    other = OTHER_ACCOUNT | {"account_holder_kana": "ハサンカンザイニン"}
    change = signed_in(trustee).post(ACCOUNTS, {"payout_account": other}, format="json")
    assert change.status_code == 201, change.json()
    path = f"{ACCOUNTS}{change.json()['id']}/confirm/"
    assert signed_in(owner).post(path).json()["code"] == "trustee_acts"
    assert [signed_in(person).post(path).json()["state"] for person in staff] == ["proposed", "confirmed"]
    told = repr(list(EvidenceRecord.objects.values_list("payload")))
    assert not [word for word in ("trustee@", "一郎") if word in told]
    assert {name: found for name, found in _broken().items() if found} == {}


def _broken():
    return {name: each.check() for name, each in REGISTER.items() if name.startswith("participants.")}


def test_another_document_is_another_proposal(insolvent, staff):
    row = propose(staff[0], insolvent).json()["id"]
    answer = propose(staff[1], insolvent, document="令和8年(フ)第2号")
    assert (answer.status_code, answer.json()["code"]) == (409, "trustee_proposed")
    assert row in answer.json()["detail"]
    assert TrusteeAppointment.objects.get().document == "令和8年(フ)第1号"
    signed_in(staff[0]).post(f"{PATH}{row}/withdraw/")
    assert propose(staff[1], insolvent, document="令和8年(フ)第2号").status_code == 201


def test_somebody_with_a_login_is_put_into_no_organisation_unasked(insolvent, staff):
    factories.person_of(factories.organisation("法律事務所"), "lawyer", ["owner"])
    row = propose(staff[0], insolvent, email="lawyer@example.jp").json()["id"]
    answer = signed_in(staff[1]).post(f"{PATH}{row}/appoint/")
    assert (answer.status_code, answer.json()["state"]) == (200, "appointed")
    assert not Membership.objects.filter(organisation=insolvent).exists()
    lawyer, invitation = User.objects.get(email="lawyer@example.jp"), Invitation.objects.get()
    assert (invitation.roles, invitation.invited_by) == (["trustee"], "system")
    token = factories.token_in_mail(invitation)
    services.join_organisation(actor=factories.actor_of(lawyer), token=token)
    client = signed_in(lawyer)
    client.credentials(
        HTTP_AUTHORIZATION=client._credentials["HTTP_AUTHORIZATION"],
        HTTP_SANPO_ORGANISATION=insolvent.public_id,
    )
    assert client.get("/api/v1/me/").json()["roles"] == ["trustee"]
    assert {name: found for name, found in _broken().items() if found} == {}


@pytest.mark.parametrize("of", ["organisation", "operator"])
def test_who_could_not_join_is_not_appointed(insolvent, operator, owner, staff, of):
    person = owner if of == "organisation" else staff[0]
    row = propose(staff[0], insolvent, email=person.email).json()["id"]
    answer = signed_in(staff[1]).post(f"{PATH}{row}/appoint/")
    code = "already_a_member" if of == "organisation" else "staff_apart"
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (TrusteeAppointment.objects.get().state, Invitation.objects.count()) == ("proposed", 0)


def test_whoever_proposed_and_lost_the_role_proposed_nobody(insolvent, operator, staff):
    row = propose(staff[0], insolvent).json()["id"]
    RoleGrant.objects.filter(membership__user=staff[0]).update(revoked_at=clock.now())
    answer = signed_in(staff[1]).post(f"{PATH}{row}/appoint/")
    assert (answer.status_code, answer.json()["code"]) == (409, "first_person_gone")
    assert not User.objects.filter(email="trustee@example.jp").exists()
    assert signed_in(staff[1]).post(f"{PATH}{row}/withdraw/").json()["state"] == "withdrawn"


@pytest.fixture
def program(subject):
    return factories.application_of(subject, ["market:read"])


def test_the_trustee_ends_what_could_do_harm(program, insolvent, owner, staff):
    trustee = signed_in(appointed(staff, insolvent))
    path = f"/api/v1/applications/{program.public_id}/revoke/"
    assert signed_in(owner).post(path).json()["code"] == "trustee_acts"
    assert trustee.post(path).status_code == 200
    body = {"name": "x", "scopes": ["market:read"]}
    assert trustee.post("/api/v1/applications/", body).json()["code"] == "permission_needed"


def test_the_trustee_takes_access_away_alone(subject, owner, staff):
    engineer = factories.person_of(subject, "engineer", ["engineer"])
    other = factories.person_of(subject, "other", ["owner"])
    program = factories.application_of(subject)
    session = factories.client_of(subject, person=engineer)
    open_proceedings(subject)
    trustee = appointed(staff, subject)
    ends = {"reason": "破産手続"}
    for person, code in ((owner, "trustee_acts"), (engineer, "permission_needed")):
        refused = signed_in(person).post(f"/api/v1/members/{member(other)}/end/", ends, format="json")
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    acting = signed_in(trustee)
    for person in (engineer, other):
        ended = acting.post(f"/api/v1/members/{member(person)}/end/", ends, format="json")
        assert (ended.status_code, ended.json()["state"]) == (200, "done"), ended.json()
    assert session.get("/api/v1/deliveries/").status_code == 403
    revoked = acting.post(f"/api/v1/members/{member(owner)}/revoke-role/", {"role": "finance"}, format="json")
    assert revoked.json()["state"] == "done"
    assert acting.post(f"/api/v1/applications/{program.public_id}/revoke/").status_code == 200
    assert _broken() == {name: [] for name in _broken()}


def test_the_trustee_gives_nothing_and_takes_no_trustee(insolvent, owner, staff):
    trustee = appointed(staff, insolvent)
    second = appointed(staff, insolvent, email="second@example.jp")
    acting = signed_in(trustee)
    trader = factories.person_of(insolvent, "trader", ["trader"])
    granted = acting.post(f"/api/v1/members/{member(trader)}/grant-role/", {"role": "owner"}, format="json")
    assert (granted.status_code, granted.json()["code"]) == (403, "permission_needed")
    for path, body in (("end", {"reason": "x"}), ("revoke-role", {"role": "trustee"})):
        answer = acting.post(f"/api/v1/members/{member(second)}/{path}/", body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "trustee_stays")
    stays = acting.post(f"/api/v1/members/{member(owner)}/end/", {"reason": "x"}, format="json")
    assert (stays.status_code, stays.json()["code"]) == (409, "last_owner")
    others = factories.person_of(factories.organisation("他"), "stranger", ["owner"])
    missing = acting.post(f"/api/v1/members/{member(others)}/end/", {"reason": "x"}, format="json")
    assert missing.status_code == 404
    assert MemberChange.objects.count() == 0
    assert signed_in(second).post("/api/v1/members/leave/").json()["state"] == "done"


def member(person) -> str:
    return Membership.objects.get(user=person).public_id


def test_the_database_lets_a_trustee_take_but_not_give(insolvent, owner, staff):
    trustee, second = (appointed(staff, insolvent, email=f"{name}@example.jp") for name in ("one", "two"))
    trader = factories.person_of(insolvent, "trader", ["trader"])
    change = (
        "INSERT INTO participants_memberchange (public_id, membership_id, kind, role, reason, state, proposed_by,"
        " proposed_at, expires_at, ended_at) SELECT 'mch_raw', id, %s, %s, '', 'done', %s, public.business_now(),"
        " public.business_now() + interval '3 days', public.business_now() FROM participants_membership"
        " WHERE public_id = %s"
    )
    for kind, role, person, subject in (
        ("grant", "owner", trustee, trader),
        ("end", "", trustee, second),
        ("end", "", trader, owner),
    ):
        with connection.cursor() as cursor:
            stated = (kind, role, person.public_id, member(subject))
            assert_refused(lambda c=cursor, s=stated: c.execute(change, s), because="may not change")
    with connection.cursor() as cursor:
        cursor.execute(change, ("end", "", trustee.public_id, member(trader)))


def test_the_end_of_the_proceedings_ends_the_role(insolvent, operator, staff):
    trustee = appointed(staff, insolvent)
    factories.staff("usr_first", "usr_second")
    services.reinstate_participant(
        actor=factories.actor_for(operator, "usr_second"),
        organisation=insolvent.public_id,
        first_person="usr_first",
    )
    grant = RoleGrant.objects.get(role="trustee")
    assert grant.revoked_at is not None
    me = signed_in(trustee).get("/api/v1/me/").json()
    assert (me["roles"], me["permissions"]) == ([], ["person:own"])
    assert _broken()["participants.trustees_appointed"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "x"}, "email"),
        ({"name": " "}, "name"),
        ({"document": " "}, "document"),
        ({"document_sha256": "x"}, "document_sha256"),
    ],
)
def test_a_fault_is_named(insolvent, staff, changes, field):
    answer = propose(staff[0], insolvent, **changes)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert TrusteeAppointment.objects.count() == 0


def test_no_trustee_without_insolvency_and_none_of_the_operator(subject, staff):
    assert propose(staff[0], subject).json()["code"] == "not_in_insolvency"
    services.suspend_participant(actor=SYSTEM, organisation=subject.public_id, reason_code="x", reason="y")
    assert propose(staff[0], subject).json()["code"] == "not_in_insolvency"
    services.suspend_participant(
        actor=SYSTEM,
        organisation=subject.public_id,
        kind="insolvency",
        reason_code="x",
        reason="y",
        reference="1",
    )
    row = propose(staff[0], subject, email="staff0@example.jp").json()["id"]
    answer = signed_in(staff[1]).post(f"{PATH}{row}/appoint/")
    assert (answer.status_code, answer.json()["code"]) == (409, "staff_apart")
    assert signed_in(staff[0]).post(f"{PATH}{row}/withdraw/").json()["state"] == "withdrawn"
    assert signed_in(staff[1]).post(f"{PATH}{row}/appoint/").json()["code"] == "illegal_transition"
    assert RoleGrant.objects.filter(role="trustee").count() == 0


def test_an_appointment_is_read_by_the_organisation_and_the_operator(insolvent, owner, staff):
    row = propose(staff[0], insolvent).json()["id"]
    assert signed_in(owner).get(f"{PATH}{row}/").status_code == 200
    assert factories.client_of(factories.organisation("他")).get(f"{PATH}{row}/").status_code == 404


def test_the_database_knows_no_trustee_whom_nobody_appointed(insolvent, owner, staff):
    def refused(match, statement, *parameters):
        with connection.cursor() as cursor:
            assert_refused(lambda: cursor.execute(statement, parameters), because=match)

    membership = Membership.objects.get(user=owner)
    refused(
        "did not appoint",
        "INSERT INTO participants_rolegrant (membership_id, role, granted_at, granted_by)"
        " VALUES (%s, 'trustee', now(), 'usr_raw')",
        membership.pk,
    )
    propose(staff[0], insolvent)
    appoint = (
        "UPDATE participants_trusteeappointment SET state = 'appointed', ended_by = %s,"
        " ended_at = public.business_now(), user_id = %s"
    )
    open_session(owner)
    for person in (staff[0].public_id, owner.public_id, "usr_nobody"):
        refused("two people of admission|trustee_two_people", appoint, person, owner.pk)
    refused(
        "two people of admission",
        "INSERT INTO participants_trusteeappointment (public_id, suspension_id, email, name, document,"
        " document_sha256, state, proposed_by, proposed_at) SELECT 'tru_raw', suspension_id, 'x@example.jp', name,"
        " document, document_sha256, 'proposed', %s, proposed_at FROM participants_trusteeappointment",
        owner.public_id,
    )


def test_a_trustee_whom_nobody_appointed_is_named(insolvent, owner):
    check = REGISTER["participants.trustees_appointed"].check
    membership = Membership.objects.get(user=owner)
    with unguarded("participants_rolegrant"):
        RoleGrant.objects.create(
            membership=membership, role="trustee", granted_at=membership.since, granted_by="usr_raw"
        )
    assert [row["public_id"] for row in check()] == [membership.public_id]
