"""Participation over HTTP."""

import base64

import pytest

from clearing.approvals.reinstatements import reinstate_by_two
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services
from marketplace.participants.models import Admission, Application, Membership, Organisation, Segment
from tests.access.factories import open_over_http
from tests.cases import factories as cases

from . import factories

pytestmark = pytest.mark.django_db

LISTS = {"organisations": 2, "segments": 2, "admissions": 3, "members": 6, "applications": 6}
"""How many queries each list takes the operator; what is read under accesses asks for them, and for what was noted."""


@pytest.fixture
def subject():
    return factories.organisation()


@pytest.fixture
def client(subject):
    return factories.client_of(subject)


@pytest.fixture
def operator():
    return factories.client_of(factories.operator())


def fill(label: str) -> Organisation:
    """One more row of everything."""
    organisation = factories.admitted(label, code=f"segment-{label.lower()}")
    program = factories.application_of(organisation)
    owner = factories.actor_of(program.responsible)
    member = Membership.objects.get(user=program.responsible).public_id
    services.revoke_role(actor=owner, member=member, role="trader")
    return organisation


def test_a_token_is_obtained_by_client_credentials(api, subject):
    application = factories.application_of(subject, ("market:read", "listings:write"))
    credentials = f"{application.client_id}:{application.issued_secret}".encode()
    answer = api.post(
        "/oauth/token/",
        {"grant_type": "client_credentials", "scope": "market:read"},
        format="multipart",
        HTTP_AUTHORIZATION=f"Basic {base64.b64encode(credentials).decode()}",
    )
    assert answer.status_code == 200
    token = answer.json()["access_token"]
    me = api.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert me.status_code == 200
    assert me.json()["identifier"] == application.public_id
    assert me.json()["permissions"] == ["market:read"]
    assert me.json()["responsible"] == application.responsible.public_id
    assert me.json()["role"] == "participant"
    assert me.json()["organisation"]["id"] == subject.public_id
    assert me.json()["organisation"]["state_label"] == {"ja": "有効", "en": "active"}


def test_a_wrong_secret_gets_no_token(api, subject):
    application = factories.application_of(subject)
    body = {"grant_type": "client_credentials", "client_id": application.client_id, "client_secret": "wrong"}
    assert api.post("/oauth/token/", body, format="multipart").status_code == 401
    right = {**body, "client_secret": application.issued_secret}
    assert api.post("/oauth/token/", right, format="multipart").status_code == 200


@pytest.mark.parametrize("path", ["me", "organisations", "admissions", "members", "applications"])
def test_without_a_token_nothing_is_shown(api, path):
    assert api.get(f"/api/v1/{path}/").status_code == 401
    assert api.get(f"/api/v1/{path}/", HTTP_AUTHORIZATION="Bearer wrong").status_code == 401


def test_a_token_that_asks_for_more_than_the_program_has_is_not_issued(api, subject):
    application = factories.application_of(subject, ("market:read",))
    body = {
        "grant_type": "client_credentials",
        "client_id": application.client_id,
        "client_secret": application.issued_secret,
    }
    for scope in ("market:read listings:write", "members:write", "market:write", "everything"):
        refused = api.post("/oauth/token/", body | {"scope": scope}, format="multipart")
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert api.post("/oauth/token/", body, format="multipart").json()["scope"] == "market:read"


def test_a_reading_token_does_not_write(subject):
    factories.segment()
    client = factories.client_of(subject, roles=("auditor",))
    body = {"segment": "mobility", "capacity": "buyer", "declarations": factories.DECLARATIONS}
    assert client.post("/api/v1/admissions/", body).status_code == 403
    assert Admission.objects.count() == 0


def test_the_operator_registers_an_organisation(operator, client):
    body = {
        "name": {"ja": "讃岐データ", "en": "Sanuki Data"},
        "kind": "business",
        "corporate_number": factories.corporate_number(),
        "address": "高松市",
        "representative": "讃岐 花子",
        "payout_account": factories.PAYOUT_ACCOUNT,
    }
    assert client.post("/api/v1/organisations/", body).status_code == 403
    answer = operator.post("/api/v1/organisations/", body)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["name"] == body["name"]
    assert answer.json()["payout_account"] == factories.PAYOUT_ACCOUNT
    taken = operator.post("/api/v1/organisations/", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "corporate_number_taken")
    assert taken.json()["errors"][0]["field"] == "corporate_number"
    unknown = operator.post("/api/v1/organisations/", {**body, "is_operator": True})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "is_operator")
    assert Organisation.objects.count() == 3


def test_others_are_seen_in_summary_and_oneself_in_full(client, subject):
    other = factories.organisation("B", payout_account=factories.PAYOUT_ACCOUNT)
    summary = client.get(f"/api/v1/organisations/{other.public_id}/").json()
    assert summary["name"] == {"ja": "組織B", "en": "Organisation B"}
    assert not {"address", "representative", "payout_account", "suspensions"} & set(summary)
    assert client.get(f"/api/v1/organisations/{other.public_id}/profile/").status_code == 404
    own = client.get(f"/api/v1/organisations/{subject.public_id}/profile/").json()
    assert (own["representative"], own["payout_account"]) == ("代表 太郎", None)


def test_the_operator_suspends_and_reinstates(operator, client, subject):
    path = f"/api/v1/organisations/{subject.public_id}"
    body = {"reason_code": "sanctions_review", "reason": "確認中"}
    assert client.post(f"{path}/suspend/", body).status_code == 403
    answer = operator.post(f"{path}/suspend/", body)
    assert (answer.status_code, answer.json()["state"]) == (200, "suspended")
    assert operator.post(f"{path}/suspend/", body).status_code == 409
    (told,) = client.get("/api/v1/me/").json()["organisation"]["suspensions"]
    assert (told["reason"], told["kind"]) == ("確認中", "breach")
    assert client.post(f"{path}/reinstate/").status_code == 403
    assert operator.post(f"{path}/reinstate/").json()["code"] == "second_person_needed"
    second = factories.actor_for(Organisation.objects.get(is_operator=True), "usr_second")
    assert reinstate_by_two(actor=second, organisation=subject.public_id).state == "active"
    assert operator.post("/api/v1/organisations/org_nobody/suspend/", body).status_code == 404


def test_segments_are_public_and_opened_by_the_operator(api, operator, client):
    body = {"code": "mobility", "name": {"ja": "移動・交通", "en": "Mobility"}}
    assert api.post("/api/v1/segments/", body).status_code == 401
    assert client.post("/api/v1/segments/", body).status_code == 403
    assert operator.post("/api/v1/segments/", body).status_code == 201
    assert api.get("/api/v1/segments/").json()["results"][0]["name"] == body["name"]
    assert api.get("/api/v1/segments/mobility/").status_code == 200
    assert Segment.objects.count() == 1


def test_an_application_goes_through_the_api(operator, client, subject):
    factories.segment()
    body = {"segment": "mobility", "capacity": "buyer", "declarations": factories.DECLARATIONS}
    created = client.post("/api/v1/admissions/", body, HTTP_IDEMPOTENCY_KEY="k1")
    assert created.status_code == 201
    again = client.post("/api/v1/admissions/", body, HTTP_IDEMPOTENCY_KEY="k1")
    assert (again.status_code, again.json()["id"]) == (201, created.json()["id"])
    path = f"/api/v1/admissions/{created.json()['id']}"
    assert created.json()["state_label"] == {
        "ja": "申請済み・判定待ち",
        "en": "applied, waiting for the rules",
    }
    assert client.post("/api/v1/admissions/", body).json()["code"] == "admission_held"
    services.decide_admission(actor=SYSTEM, admission=created.json()["id"], outcome="hold", decision="dec_1")
    cases.of_held(Admission.objects.get(public_id=created.json()["id"]))
    cases.decide_held(created.json()["id"])
    assert operator.get(f"{path}/").json()["state"] == "admitted"
    assert client.post(f"{path}/withdraw/", {}).json()["state"] == "withdrawn"


def test_programs_are_added_to_ones_own_organisation(operator, client, subject):
    other = factories.organisation("B")
    created = client.post("/api/v1/applications/", {"name": "connector"})
    assert (created.status_code, created.headers["Cache-Control"]) == (201, "no-store")
    assert len(created.json()["client_secret"]) > 40
    shown = client.get(f"/api/v1/applications/{created.json()['id']}/").json()
    assert shown["client_secret"] is None
    theirs = {"name": "theirs", "organisation": other.public_id}
    for somebody in (client, operator):
        assert somebody.post("/api/v1/applications/", theirs).status_code == 422
    assert Application.objects.count() == 1


def test_what_is_anothers_is_missing(client, subject):
    other = fill("B")
    admission = Admission.objects.get(organisation=other).public_id
    member = Membership.objects.get(organisation=other).public_id
    program = Application.objects.get(organisation=other).public_id
    for path in (f"admissions/{admission}", f"members/{member}", f"applications/{program}"):
        assert client.get(f"/api/v1/{path}/").status_code == 404
    assert client.post(f"/api/v1/admissions/{admission}/withdraw/", {}).status_code == 404
    assert Admission.objects.get().state == "admitted"
    assert client.get("/api/v1/admissions/").json()["results"] == []
    own = client.get("/api/v1/members/").json()["results"]
    assert [row["organisation"] for row in own] == [subject.public_id]


def test_lists_are_narrowed(operator):
    for label in "AB":
        open_over_http(operator, fill(label))
    found = operator.get("/api/v1/admissions/?segment=segment-b&state=admitted&capacity=buyer").json()[
        "results"
    ]
    assert [row["segment"] for row in found] == ["segment-b"]
    assert len(operator.get("/api/v1/members/?role=owner").json()["results"]) == 3
    assert len(operator.get("/api/v1/members/?role=finance").json()["results"]) == 2
    assert operator.get("/api/v1/members/?role=trader").json()["results"] == []
    assert operator.get("/api/v1/admissions/?state=nonsense").status_code == 422


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_takes_the_same_queries_for_any_number_of_rows(
    operator, path, rows, django_assert_num_queries
):
    for label in "ABC"[:rows]:
        open_over_http(operator, fill(label))
    operator.get(f"/api/v1/{path}/")
    with django_assert_num_queries(LISTS[path]):
        answer = operator.get(f"/api/v1/{path}/")
    assert len(answer.json()["results"]) >= rows


def test_answers_speak_the_readers_language(client):
    refused = client.post("/api/v1/admissions/", {"segment": "none", "capacity": "buyer", "declarations": {}})
    assert "必ず申告" not in refused.json()["detail"]
    refused = client.post(
        "/api/v1/admissions/",
        {"segment": "none", "capacity": "buyer", "declarations": {}},
        HTTP_ACCEPT_LANGUAGE="ja",
    )
    assert "必ず申告" in refused.json()["detail"]
