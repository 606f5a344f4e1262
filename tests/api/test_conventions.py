"""What holds on every route: problem details, unknown fields, idempotency keys, scopes, languages."""

from __future__ import annotations

import json

from django.db import transaction

from delivery.filters import DeliveryFilter
from delivery.models import Entitlement
from delivery.serializers import DeliverySerializer
from marketplace.api.models import IdempotencyRecord
from marketplace.events import services as events
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.participants.queries import counts

from .conftest import bearer

NEW = {
    "name": {"ja": "試験商会", "en": "Trial Trading"},
    "corporate_number": "6999901000002",
    "kind": "business",
    "address": "東京都",
    "representative": "試 験子",
}


def test_a_refusal_is_a_problem_that_names_the_field(acting):
    before = counts()
    answer = acting.post("/api/v1/organisations/", {**NEW, "corporate_number": "1999901000002"})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["errors"][0]["field"]) == (422, "corporate_number")
    assert body["type"] == f"urn:sanpo:problem:{body['code']}"
    assert counts() == before


def test_an_unknown_field_is_refused_by_name(acting):
    answer = acting.post("/api/v1/organisations/", {**NEW, "is_operator": True, "colour": "red"})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} >= {"colour"}
    assert counts()["registered"] == 0


def test_a_text_that_shows_nothing_is_refused_by_name(acting):
    for name in ({"ja": "試験商会", "en": "\u200b"}, {"ja": "\u3164", "en": "Trial Trading"}):
        answer = acting.post("/api/v1/organisations/", {**NEW, "name": name, "address": "\u200b \u2060"})
        assert answer.status_code == 422
        named = {error["field"]: error["code"] for error in answer.json()["errors"]}
        assert named == {"name": "invisible", "address": "invisible"}
    assert counts()["registered"] == 0


def test_a_refusal_reads_in_the_readers_language(acting):
    english = acting.get("/api/v1/organisations/org_nobody/", HTTP_ACCEPT_LANGUAGE="en").json()
    japanese = acting.get("/api/v1/organisations/org_nobody/", HTTP_ACCEPT_LANGUAGE="ja").json()
    assert english["title"] == "Not found"
    assert japanese["title"] == "見つかりません"


def test_malformed_json_is_a_problem(acting):
    answer = acting.post("/api/v1/organisations/", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_nobody_needs_a_token(api, db):
    answer = api.get("/api/v1/admissions/")
    assert (answer.status_code, answer["WWW-Authenticate"].split()[0]) == (401, "Bearer")
    api.credentials(HTTP_AUTHORIZATION="Bearer forged")
    assert api.get("/api/v1/admissions/").status_code == 401


def test_reading_is_not_writing(api, operator):
    api.credentials(**bearer(operator, roles=("auditor",)))
    assert api.get("/api/v1/organisations/").status_code == 200
    assert api.post("/api/v1/organisations/", NEW).status_code == 403
    assert counts()["registered"] == 0


def test_one_key_takes_effect_once(acting):
    first = acting.post("/api/v1/organisations/", NEW, HTTP_IDEMPOTENCY_KEY="key-1")
    again = acting.post("/api/v1/organisations/", NEW, HTTP_IDEMPOTENCY_KEY="key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == json.loads(json.dumps(first.json()))
    assert again["Idempotency-Replayed"] == "true"
    assert counts()["registered"] == 1


def test_one_key_stands_for_one_request(acting):
    acting.post("/api/v1/organisations/", NEW, HTTP_IDEMPOTENCY_KEY="key-1")
    other = {**NEW, "corporate_number": "5999901000003"}
    answer = acting.post("/api/v1/organisations/", other, HTTP_IDEMPOTENCY_KEY="key-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert counts()["registered"] == 1


def test_a_refused_request_leaves_its_key_free(acting):
    wrong = {**NEW, "corporate_number": "1999901000002"}
    assert acting.post("/api/v1/organisations/", wrong, HTTP_IDEMPOTENCY_KEY="key-1").status_code == 422
    assert IdempotencyRecord.objects.count() == 0
    assert acting.post("/api/v1/organisations/", NEW, HTTP_IDEMPOTENCY_KEY="key-1").status_code == 201


def test_a_key_out_of_bounds_is_refused(acting):
    answer = acting.post("/api/v1/organisations/", NEW, HTTP_IDEMPOTENCY_KEY="k" * 101)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert counts()["registered"] == 0


def test_a_list_comes_in_pages(acting):
    with transaction.atomic():
        for number in range(3):
            events.emit(OrganisationRegistered(organisation=f"org_{number}"))
    page = acting.get("/api/v1/events/outbox/", {"page_size": 2, "type": "organisation.registered"}).json()
    assert len(page["results"]) == 2
    rest = acting.get(page["next"]).json()
    assert len(rest["results"]) == OutboxEvent.objects.filter(type="organisation.registered").count() - 2


def test_only_the_operator_repairs_handlings(api, acting, operator):
    with transaction.atomic():
        events.emit(OrganisationRegistered(organisation="org_1"))
    entry = InboxEntry.objects.create(
        event=OutboxEvent.objects.order_by("-id").first(),
        handler="a.handlers.b",
        subscriber="a",
        subject="org_1",
    )
    answer = acting.post(f"/api/v1/events/inbox/{entry.pk}/retry/")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    InboxEntry.objects.update(state="parked")
    assert acting.post(f"/api/v1/events/inbox/{entry.pk}/retry/").json()["state"] == "pending"


def test_an_unknown_filter_is_refused_by_name(acting):
    answer = acting.get("/api/v1/events/outbox/", {"subject": "org_1", "colour": "red"})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["colour"])
    assert acting.get("/api/v1/events/outbox/", {"subject": "org_1", "page_size": 5}).status_code == 200


def test_nobody_signs_up_alone(client, db):
    answer = client.get("/accounts/signup/")
    assert answer.status_code == 200
    assert b"<form" not in answer.content


def test_a_request_pays_for_the_filters_that_it_names():
    asked = DeliveryFilter({"agreement": "agr_1"}, queryset=Entitlement.objects.all())
    assert list(asked.filters) == list(asked.form.fields) == ["agreement"]
    assert set(DeliveryFilter.base_filters) > {"agreement", "state", "inspection"}
    assert list(DeliveryFilter(None, queryset=Entitlement.objects.all()).filters) == []


def test_the_fields_of_an_output_are_not_shared():
    one, other = DeliverySerializer(), DeliverySerializer()
    assert list(one.fields) == list(other.fields) == list(DeliverySerializer.Meta.fields)
    assert all(one.fields[name] is not other.fields[name] for name in one.fields)
    assert repr(one) == repr(other)
