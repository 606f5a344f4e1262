"""The probes answer before anything else, and show details and metrics only to those who are trusted."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings

from marketplace.kernel.metrics import GAUGES
from marketplace.observability.models import Heartbeat
from marketplace.observability.probes import is_trusted

TOKEN = "long-and-secret"
STRANGER = {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}


def test_a_living_process_says_so_without_the_database(client):
    answer = client.get("/healthz", **STRANGER)
    assert (answer.status_code, answer.json()) == (200, {"status": "alive", "process": "web"})
    assert answer["Cache-Control"] == "no-store"


@override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["market.example.jp"])
def test_an_orchestrator_asks_by_address_and_without_tls(living):
    assert Client().get("/healthz", HTTP_HOST="10.0.0.7:8000").status_code == 200
    assert Client().get("/readyz", HTTP_HOST="10.0.0.7:8000").status_code == 200


def test_readiness_has_a_status_and_for_the_trusted_its_checks(client, living):
    assert client.get("/readyz", **STRANGER).json() == {"status": "ready", "process": "web"}
    Heartbeat.objects.filter(name="beat@here").delete()
    told = client.get("/readyz")
    assert (told.status_code, told.json()["checks"]["beat"]) == (503, "no beat seen within 30 s")
    assert (told.json()["status"], told.json()["checks"]["database"]) == ("not ready", "ok")
    stranger = client.get("/readyz", **STRANGER)
    assert (stranger.status_code, stranger.json()) == (503, {"status": "not ready", "process": "web"})


def test_a_check_can_be_left_out_by_its_name(client, living):
    Heartbeat.objects.all().delete()
    assert client.get("/readyz?exclude=worker").status_code == 503
    assert client.get("/readyz?exclude=worker&exclude=beat").status_code == 200
    refused = client.get("/readyz?exclude=moon")
    assert (refused.status_code, list(refused.json())) == (422, ["exclude"])


def test_metrics_are_not_there_for_strangers(client, db):
    assert client.get("/metrics", **STRANGER).status_code == 404
    with override_settings(MONITOR_TRUSTS_LOOPBACK=False):
        assert client.get("/metrics").status_code == 404


@override_settings(MONITOR_TRUSTS_LOOPBACK=False, MONITOR_TOKEN=TOKEN)
def test_metrics_are_there_for_who_presents_the_token(client, db):
    assert client.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}").status_code == 200
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer another").status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_every_gauge_is_among_the_metrics_and_none_fails(client, living):
    text = client.get("/metrics").content.decode()
    described = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert {gauge.metric for gauge in GAUGES.values()} - described == set()
    failed = [line for line in text.splitlines() if line.startswith("sanpo_gauge_failed{")]
    assert [line for line in failed if not line.endswith(" 0.0")] == []
    assert len(failed) == len(GAUGES)


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("", False), ("unix:", False)],
)
def test_only_a_loopback_address_is_this_machine(peer, trusted):
    assert is_trusted(authorization="", peer=peer, is_forwarded=False) is trusted


def test_a_probe_is_read_and_never_written(client):
    assert client.post("/healthz").status_code == 405
