"""The API of webhooks: in the caller's scope, in both languages, the secret shown once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.webhooks.models import WebhookAttempt
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/sanpo"
WEBHOOKS = "/api/v1/webhooks/"


@pytest.fixture
def owner():
    return parties.organisation("O")


@pytest.fixture
def client(owner):
    return parties.client_of(owner)


@pytest.fixture
def webhook(owner):
    return factories.webhook(owner, URL)[0]


def attempts(webhook, count: int) -> None:
    for number in range(1, count + 1):
        WebhookAttempt.objects.create(
            webhook=webhook,
            message=f"evt_{number}",
            type="trade.secured",
            number=number,
            outcome="refused",
            status=500,
            took_ms=3,
        )


def test_the_secret_is_in_the_responses_that_make_it_and_in_no_other(client):
    created = client.post(WEBHOOKS, {"url": URL, "event_types": ["trade.secured"], "description": "通知"})
    assert (created.status_code, created["Cache-Control"]) == (201, "no-store")
    body = created.json()
    secret = body.pop("secret")
    assert secret.startswith("whsec_")
    detail = f"{WEBHOOKS}{body['id']}/"
    assert client.get(detail).json() == body
    assert body["state_label"] == {"ja": "有効", "en": "active"}
    rotated = client.post(f"{detail}rotate-secret/")
    assert (rotated.status_code, rotated["Cache-Control"]) == (200, "no-store")
    assert rotated.json()["secret"] not in ("", secret)
    for answer in (client.get(WEBHOOKS), client.post(f"{detail}revise/", {"description": "x"})):
        assert "whsec_" not in answer.content.decode()


def test_every_command_has_a_route(client, webhook):
    detail = f"{WEBHOOKS}{webhook.public_id}/"
    assert client.post(f"{detail}revise/", {"event_types": ["trade.failed"]}).json()["event_types"] == [
        "trade.failed"
    ]
    ping = client.post(f"{detail}ping/")
    assert (ping.status_code, ping.json()["message"][:4]) == (202, "png_")
    replay = client.post(f"{detail}replay/", {"since": "2026-11-01T00:00:00Z"})
    assert (replay.status_code, replay.json()) == (202, {"queued": 0, "next": None})
    disabled = client.post(f"{detail}disable/").json()
    assert (disabled["state"], disabled["disabled_reason"]) == ("disabled", "owner")
    assert client.get(WEBHOOKS, {"state": "active"}).json()["results"] == []
    assert client.post(f"{detail}enable/").json()["state"] == "active"
    assert client.post(f"{detail}delete/").status_code == 204
    assert client.get(detail).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": URL, "event_types": ["trade.vanished"]}, "event_types"),
        ({"url": URL, "secret": "mine"}, "secret"),
    ],
)
def test_a_refusal_names_the_field_and_creates_nothing(client, body, field):
    answer = client.post(WEBHOOKS, body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert client.get(WEBHOOKS).json()["results"] == []


def test_no_one_else_sees_a_webhook_or_its_attempts(webhook):
    attempts(webhook, 1)
    detail = f"{WEBHOOKS}{webhook.public_id}/"
    for other in (parties.organisation("X"), parties.operator()):
        client = parties.client_of(other)
        assert client.get(WEBHOOKS).json()["results"] == []
        for path in (detail, f"{detail}attempts/"):
            assert client.get(path).status_code == 404
        for command in ("revise", "disable", "enable", "delete", "ping", "replay", "rotate-secret"):
            assert client.post(f"{detail}{command}/", {}).status_code in (404, 422)
    webhook.refresh_from_db()
    assert webhook.state == "active"


def test_a_token_for_reading_changes_nothing(owner, webhook):
    client = parties.client_of(owner, roles=("auditor",))
    assert client.get(WEBHOOKS).status_code == 200
    assert client.post(WEBHOOKS, {"url": URL}).status_code == 403
    assert client.post(f"{WEBHOOKS}{webhook.public_id}/rotate-secret/").status_code == 403


def test_attempts_are_listed_the_newest_first_and_narrowed(client, webhook):
    attempts(webhook, 2)
    path = f"{WEBHOOKS}{webhook.public_id}/attempts/"
    listed = client.get(path).json()["results"]
    assert [entry["message"] for entry in listed] == ["evt_2", "evt_1"]
    assert listed[0] | {"ended_at": None} == {
        "message": "evt_2",
        "type": "trade.secured",
        "number": 2,
        "outcome": "refused",
        "outcome_label": {"ja": "受信側が2xx以外を返しました", "en": "the receiver answered another status"},
        "status": 500,
        "took_ms": 3,
        "ended_at": None,
    }
    assert len(client.get(path, {"message": "evt_1"}).json()["results"]) == 1
    assert client.get(path, {"outcome": "delivered"}).json()["results"] == []


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_takes_the_same_queries_for_any_number_of_rows(client, owner, webhook, rows):
    attempts(webhook, rows)
    for _ in range(rows - 1):
        factories.webhook(owner, URL)
    client.get(WEBHOOKS)
    for path, queries in ((WEBHOOKS, 2), (f"{WEBHOOKS}{webhook.public_id}/attempts/", 3)):
        with CaptureQueriesContext(connection) as sent:
            assert len(client.get(path).json()["results"]) == rows
        assert len(sent) == queries
