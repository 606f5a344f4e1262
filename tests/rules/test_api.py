"""The rules over HTTP: public rulebooks, decisions for their parties, publication by the operator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.kernel import clock
from marketplace.rules import services
from marketplace.rules.figures import NEUTRALITY
from marketplace.rules.models import Decision, Rulebook
from marketplace.rules.views import DOCUMENT_EXAMPLE, PREVIEW_EXAMPLE
from tests.participants import factories as participants

from .factories import document, fixture_document, publish, rule

pytestmark = pytest.mark.django_db

RULEBOOKS = "/api/v1/rulebooks/"
DECISIONS = "/api/v1/decisions/"


@pytest.fixture
def operator():
    """A client of the market's operator."""
    return participants.client_of(participants.operator())


def decided(organisation):
    """A decision on an application of ``organisation``."""
    admission = participants.application_for(organisation)
    return services.evaluate(point="admission", subject=admission.public_id)


def test_everybody_reads_the_rules(api):
    assert api.get(RULEBOOKS).json()["results"] == []
    assert api.get(f"{RULEBOOKS}current/").status_code == 404
    first, second = publish(document()), publish()
    listed = api.get(RULEBOOKS).json()["results"]
    assert [row["number"] for row in listed] == [2, 1]
    assert "document" not in listed[0]
    current = api.get(f"{RULEBOOKS}current/").json()
    assert (current["id"], current["document"]) == (second.public_id, fixture_document())
    assert current["vocabulary"]["reads"]["CON-04"] == ["negotiation.buyer", "negotiation.seller"]
    assert api.get(f"{RULEBOOKS}{first.public_id}/").json()["digest"] == first.digest


def test_everybody_reads_which_version_is_in_force_at_a_moment(api):
    first = publish(document())
    later = publish(document(), effective_from=clock.now() + timedelta(days=2))
    path = f"{RULEBOOKS}current/"
    assert api.get(path).json()["id"] == first.public_id
    assert api.get(path, {"at": later.effective_from.isoformat()}).json()["id"] == later.public_id
    assert api.get(path, {"at": "2020-01-01T00:00:00Z"}).status_code == 404
    wrong = api.get(path, {"at": "tomorrow"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "at")


def test_nobody_publishes_without_a_draft(operator):
    assert operator.post(RULEBOOKS, {"document": DOCUMENT_EXAMPLE}).status_code == 405
    client = participants.client_of(participants.organisation())
    assert client.post(f"{DECISIONS}preview/", PREVIEW_EXAMPLE).status_code == 403
    assert Rulebook.objects.count() == 0


def test_a_participant_reads_the_decisions_about_itself(api, operator):
    publish()
    one, other = participants.organisation("A"), participants.organisation("B")
    own, foreign = decided(one), decided(other)
    client = participants.client_of(one)
    assert api.get(DECISIONS).status_code == 401
    assert [row["id"] for row in client.get(DECISIONS).json()["results"]] == [own.public_id]
    assert client.get(f"{DECISIONS}{foreign.public_id}/").status_code == 404
    assert client.get(f"{DECISIONS}{foreign.public_id}/replay/").status_code == 404
    shown = client.get(f"{DECISIONS}{own.public_id}/").json()
    assert (shown["outcome"], shown["reasons"][0]["rule"]) == ("allow", "ADM-90")
    assert (shown["facts"]["applicant.kind"], shown["digest"]) == ("business", own.digest)
    # Nothing is withheld of it, so the applicant opens the digest.
    assert shown["salt"] == Decision.objects.get(public_id=own.public_id).salt
    assert shown["rulebook_digest"] == Rulebook.objects.get().digest
    replayed = client.get(f"{DECISIONS}{own.public_id}/replay/").json()
    assert replayed == {"decision": own.public_id, "same": True}
    every = operator.get(DECISIONS, {"outcome": "allow", "point": "admission"}).json()["results"]
    assert [row["id"] for row in every] == [foreign.public_id, own.public_id]
    assert operator.get(DECISIONS, {"subject": own.subject}).json()["results"][0]["id"] == own.public_id


def test_a_list_of_decisions_takes_the_same_queries_however_long(operator):
    publish()
    decided(participants.organisation("A"))
    counts = []
    for label in ("B", "C"):
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(DECISIONS).status_code == 200
        counts.append(len(captured))
        decided(participants.organisation(label))
        decided(participants.organisation(f"{label}2"))
    assert counts == [2, 2]


def test_the_operator_tries_the_rules(operator):
    publish(document(rule("TRD-01", "trade.price_minor > 100000", "warn", point="trading")))
    answer = operator.post(f"{DECISIONS}preview/", PREVIEW_EXAMPLE)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "warn")
    assert operator.get(DECISIONS).json()["results"] == []
    refused = operator.post(f"{DECISIONS}preview/", {**PREVIEW_EXAMPLE, "given": {"trade": {"seller": "x"}}})
    assert (refused.status_code, refused.json()["code"]) == (422, "facts_not_taken")
    nowhere = operator.post(f"{DECISIONS}preview/", {**PREVIEW_EXAMPLE, "point": "nowhere"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "unknown_point")


def test_everybody_reads_how_the_market_decides(api):
    publish()
    decided(participants.organisation())
    NEUTRALITY.make()
    body = api.get("/api/v1/neutrality/").json()
    assert (body["decisions"], body["decisions_replayed"]) == ({}, 0)
    assert (body["first_day"], body["aimed_rules"], body["latest_bundle"]) == (None, [], None)


def test_the_auditor_reads_the_running_figures():
    publish()
    decided(participants.organisation())
    auditor = participants.client_of(participants.operator(), roles=("auditor",))
    body = auditor.get("/api/v1/neutrality/").json()
    assert (body["decisions"], body["decisions_by_rulebook"]) == ({"admission": {"allow": 1}}, {"1": 1})
    assert (body["decisions_replayed"], body["replayed_the_same"]) == (1, 1)
