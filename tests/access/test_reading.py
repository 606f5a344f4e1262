"""What staff reads of participants over HTTP: nothing without an access, and each subject leaves a record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.access import affairs, checks, reading
from marketplace.access.affairs import AFFAIRS, Affairs, NoAffairs, affairs_of
from marketplace.access.models import AccessRead
from marketplace.access.states import SUBJECTS_MAX
from marketplace.api.checks import Route, api_routes
from marketplace.api.permissions import MayCall
from marketplace.api.views import MarketReadViewSet
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.permissions import OPERATOR_ROLES, Permission, permissions_of
from marketplace.participants.models import Membership, RoleGrant, User
from tests.participants.factories import actor_of, client_of, member_for, organisation, person_of, program_of
from tests.roles import unguarded

from .factories import PATH, STATED, deferred, later, open_over_http

pytestmark = pytest.mark.django_db

MEMBERS = "/api/v1/members/"


def ids(client, path: str = MEMBERS) -> set[str]:
    """The rows of a list."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.json()
    return {row["id"] for row in answer.json()["results"]}


@pytest.fixture
def member(subject) -> str:
    person_of(subject, "of-it")
    return str(Membership.objects.get(organisation=subject, user__email="of-it@example.jp").public_id)


@pytest.fixture
def staff(staffed):
    """A client of a person of the operator with every role."""
    return client_of(staffed)


def test_staff_reads_nothing_of_a_participant_without_an_access(staff, staffed, member):
    own = set(Membership.objects.filter(organisation=staffed).values_list("public_id", flat=True))
    assert ids(staff) == own
    assert staff.get(f"{MEMBERS}{member}/").status_code == 404
    assert (AccessRead.objects.count(), EvidenceRecord.objects.filter(kind="access.read").count()) == (0, 0)


def test_who_declared_an_interest_reads_nothing_under_an_open_access(staff, subject, member):
    open_over_http(staff, subject)
    assert member in ids(staff)
    stated = {"organisation": subject.public_id, "kind": "family", "statement": "親族が勤務しています。"}
    assert staff.post("/api/v1/staff-interests/", stated, format="json").status_code == 201
    assert member not in ids(staff)
    assert staff.get(f"{MEMBERS}{member}/").status_code == 404


def test_under_an_access_each_subject_leaves_one_record(staff, subject, member):
    access = open_over_http(staff, subject)
    assert staff.get(f"{MEMBERS}{member}/").json()["organisation"] == subject.public_id
    assert staff.get(f"{MEMBERS}{member}/").status_code == 200
    assert member in ids(staff)
    rows = EvidenceRecord.objects.filter(kind="access.read", subject=access)
    assert [row.payload["subject"] for row in rows] == [member]
    assert staff.get(f"{PATH}{access}/").json()["subjects"] == [member]
    assert client_of(subject).get(f"{PATH}{access}/").json()["subjects"] == [member]
    assert not any(verify_all("access").values())


def test_an_access_is_its_openers_alone_and_of_one_kind_and_one_participant(staff, staffed, subject, member):
    open_over_http(staff, subject, "trades")
    assert staff.get(f"{MEMBERS}{member}/").status_code == 404
    other = organisation("B")
    person_of(other, "of-other")
    open_over_http(staff, other)
    assert staff.get(f"{MEMBERS}{member}/").status_code == 404
    open_over_http(staff, subject)
    assert staff.get(f"{MEMBERS}{member}/").status_code == 200
    assert client_of(staffed).get(f"{MEMBERS}{member}/").status_code == 404
    assert program_of(staffed).get(f"{MEMBERS}{member}/").status_code == 404


def test_an_access_that_has_ended_shows_nothing(staff, subject, member):
    access = open_over_http(staff, subject)
    assert staff.get(f"{MEMBERS}{member}/").status_code == 200
    assert staff.post(f"{PATH}{access}/end/", {}).status_code == 200
    assert staff.get(f"{MEMBERS}{member}/").status_code == 404
    open_over_http(staff, subject)
    later(timedelta(hours=5))
    assert staff.get(f"{MEMBERS}{member}/").status_code == 404


def test_whoever_lost_the_role_reads_nothing_more(staffed, subject, member):
    person = person_of(staffed, "helper", ("support",))
    client = client_of(staffed, person=person)
    open_over_http(client, subject)
    assert client.get(f"{MEMBERS}{member}/").status_code == 200
    with unguarded("participants_rolegrant"):
        RoleGrant.objects.filter(membership__user=person).update(role="auditor")
    assert client.get(f"{MEMBERS}{member}/").status_code == 404


def test_what_a_sealed_access_reads_stands_in_evidence_by_its_hash(first, second, staffed, subject, member):
    access = deferred(first, second, subject)
    client = client_of(staffed, person=User.objects.get(public_id="usr_first"))
    assert client.get(f"{MEMBERS}{member}/").status_code == 200
    record = EvidenceRecord.objects.get(kind="access.read")
    assert record.payload == {"digest": access.digest_of_subject(member)}
    participant = client_of(subject)
    assert participant.get(PATH).json()["results"] == []
    assert participant.get(f"{PATH}{access.public_id}/").status_code == 404
    assert client.post(f"{PATH}{access.public_id}/tell/", {}).status_code == 200
    shown = participant.get(f"{PATH}{access.public_id}/").json()
    assert (shown["subjects"], shown["salt"]) == ([member], access.salt)


def test_an_access_covers_so_many_subjects_and_no_more(staff, subject, member):
    access = open_over_http(staff, subject)
    owner = reading.StaffAccess.objects.get(public_id=access)
    AccessRead.objects.bulk_create(
        AccessRead(
            access=owner,
            subject=f"ent_{at}",
            digest=owner.digest_of_subject(f"ent_{at}"),
            read_at=clock.now(),
        )
        for at in range(SUBJECTS_MAX)
    )
    refused = staff.get(f"{MEMBERS}{member}/")
    assert (refused.status_code, refused.json()["code"]) == (403, "access_exhausted")
    assert staff.get(MEMBERS).json()["code"] == "access_exhausted"
    assert AccessRead.objects.count() == SUBJECTS_MAX
    open_over_http(staff, subject)
    assert staff.get(f"{MEMBERS}{member}/").status_code == 200


def test_who_sees_which_access(staff, staffed, subject):
    access = open_over_http(staff, subject)
    assert ids(staff, PATH) == {access}
    assert ids(client_of(staffed, roles=("auditor",)), PATH) == {access}
    assert ids(client_of(staffed, roles=("support",)), PATH) == set()
    assert ids(client_of(subject, roles=("auditor",)), PATH) == {access}
    assert ids(client_of(organisation("B")), PATH) == set()


def test_what_is_stated_over_http_is_checked(staff, subject, member):
    body = {**STATED, "organisation": subject.public_id}
    for changes in (
        {"hours": 25},
        {"kind": "messages"},
        {"reason": ""},
        {"ground": "none"},
        {"deferred_days": 3},
    ):
        assert staff.post(PATH, {**body, **changes}, format="json").status_code == 422
    assert staff.post(PATH, {**body, "organisation": "org_none"}, format="json").status_code == 404
    assert staff.post(f"{PATH}sac_none/end/", {}).status_code == 404
    assert client_of(subject).post(PATH, body, format="json").status_code == 403
    assert ids(staff, PATH) == set()


def test_the_events_of_all_are_the_work_of_support_and_auditors(staffed, subject):
    paths = [f"/api/v1/{path}/" for path in ("events/outbox", "events/inbox", "aside-rows")]
    clerk, support = (client_of(staffed, roles=(role,)) for role in ("clearing", "support"))
    assert ids(clerk, paths[0]) == ids(clerk, paths[1]) == ids(clerk, paths[2]) == set()
    assert ids(support, paths[0])
    refused = clerk.get("/api/v1/events/feed/")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_needed")
    assert program_of(staffed).get("/api/v1/events/feed/").status_code == 403
    assert support.get("/api/v1/events/feed/").status_code == 200
    assert client_of(subject).get("/api/v1/events/feed/").status_code == 200


def test_daily_work_needs_no_access(staffed, subject):
    routes = {name: each for name, each in AFFAIRS.items() if isinstance(each, Affairs) and each.daily}
    assert {"trade", "dispute", "job", "listing"} <= set(routes)
    for each in routes.values():
        holders = [
            role
            for role in OPERATOR_ROLES
            if permissions_of({role}, proved=True, is_operator=True) & set(each.daily)
        ]
        assert 0 < len(holders) < len(OPERATOR_ROLES)


def test_every_shared_read_is_classed():
    assert checks.check_affairs() == []
    shared = [route for route in api_routes() if not route.changes and checks.is_shared(route)]
    assert len(shared) > 50
    assert {type(affairs_of(route.name)) for route in shared} == {Affairs, NoAffairs}


def test_a_read_that_nobody_classed_stops_the_start(monkeypatch):
    fewer = {name: each for name, each in AFFAIRS.items() if name != "negotiation"}
    monkeypatch.setattr(affairs, "AFFAIRS", fewer)
    found = {fault.id for fault in checks.check_affairs()}
    assert found == {"access.E001"}


def test_a_read_past_the_gate_and_a_line_without_a_route_stop_the_start(monkeypatch):
    class Past(MarketReadViewSet):
        reads = Permission.MARKET_READ

        def get_object(self):
            return None

    route = Route("GET", "api/v1/members/", "member-detail", Past, "retrieve", (MayCall,))
    monkeypatch.setattr(checks, "api_routes", lambda: [route])
    found = {fault.id for fault in checks.check_affairs()}
    assert found == {"access.E002", "access.E003"}


def test_participants_and_the_market_read_as_before(first, subject):
    rows = Membership.objects.all()
    assert reading.narrow(member_for(subject, "usr_of_it"), "member", rows) is rows
    person = person_of(subject, "reader")
    assert reading.narrow(actor_of(person), "member", rows) is rows
    assert reading.narrow(first, "organisation", rows) is rows
