"""The routes of bundles and counterfactuals: results for everybody, the rest for the auditor alone."""

from __future__ import annotations

import hashlib

import pytest

from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.rules.neutrality.models import Counterfactual, NeutralityBundle
from tests.participants import factories as participants

from .factories import begin, end_day, made, traded_day, unpacked

pytestmark = pytest.mark.django_db

BUNDLES, COUNTERFACTUALS = "/api/v1/neutrality-bundles/", "/api/v1/counterfactuals/"
DAYS = {"first_day": "2030-04-01", "last_day": "2030-04-01"}


@pytest.fixture
def auditor():
    """A session of the operator's auditor."""
    return participants.client_of(participants.operator(), roles=("auditor",))


@pytest.fixture
def trader():
    """A session of a participant."""
    return participants.client_of(participants.organisation("A"))


def test_everybody_downloads_a_bundle(api):
    traded_day()
    end_day()
    bundle = made()
    (listed,) = api.get(BUNDLES).json()["results"]
    assert (listed["id"], listed["sha256"]) == (bundle.public_id, bundle.sha256)
    assert listed["figures"]["parts"]["decisions"]["rows"] == 5
    answer = api.get(f"{BUNDLES}{bundle.public_id}/content/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert hashlib.sha256(answer.content).hexdigest() == bundle.sha256
    assert answer["ETag"] == f'"{bundle.sha256}"'


def test_the_auditor_asks_for_one_and_opens_it(auditor, api):
    begin()
    end_day()
    asked = auditor.post(BUNDLES, DAYS)
    assert (asked.status_code, asked.json()["made_at"], asked.json()["figures"]) == (202, None, None)
    path = f"{BUNDLES}{asked.json()['id']}/"
    assert (api.get(f"{path}content/").status_code, auditor.get(f"{path}auditors-content/").status_code) == (
        409,
        409,
    )
    run_due("documents")
    answer = auditor.get(f"{path}auditors-content/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert unpacked(answer.content)["manifest.json"]["public_sha256"] == api.get(path).json()["sha256"]
    opened = EvidenceRecord.objects.get(kind="rules.auditors_file_opened")
    assert opened.actor.startswith("usr_")
    again = auditor.post(BUNDLES, DAYS)
    assert (again.status_code, again.json()["code"]) == (409, "period_covered")
    early = auditor.post(BUNDLES, {"first_day": "2030-04-02", "last_day": "2030-04-02"})
    assert (early.status_code, early.json()["code"]) == (422, "period_invalid")


def test_nobody_else_asks_or_opens(api, trader):
    traded_day()
    end_day()
    bundle = made()
    staff = participants.client_of(participants.operator(), roles=("rulebook",))
    for client, status in ((api, 401), (trader, 403), (staff, 403)):
        assert client.post(BUNDLES, DAYS).status_code == status
        assert client.get(f"{BUNDLES}{bundle.public_id}/auditors-content/").status_code == status
        assert client.post(COUNTERFACTUALS, {**DAYS, "first": "a", "second": "b"}).status_code == status
    assert (NeutralityBundle.objects.count(), Counterfactual.objects.count()) == (1, 0)
    assert not EvidenceRecord.objects.filter(kind="rules.auditors_file_opened").exists()


def test_what_is_unknown_is_missing(api, auditor):
    begin()
    assert api.get(f"{BUNDLES}nbl_none/content/").status_code == 404
    assert auditor.get(f"{BUNDLES}nbl_none/auditors-content/").status_code == 404
    assert auditor.get(f"{COUNTERFACTUALS}cfl_none/audited/").status_code == 404


def test_everybody_reads_a_counterfactual_without_its_parties(api, auditor, trader):
    one, other, *_ = traded_day()
    end_day()
    body = {**DAYS, "first": one.public_id, "second": other.public_id}
    asked = auditor.post(COUNTERFACTUALS, body)
    assert (asked.status_code, asked.json()["first"]) == (202, one.public_id)
    run_due("documents")
    path = f"{COUNTERFACTUALS}{asked.json()['id']}/"
    shown = api.get(path).json()
    assert (shown["followed_a_name"], shown["rules"]) == (False, [])
    assert not {"first", "second", "followed", "decisions"} & set(shown)
    audited = auditor.get(f"{path}audited/").json()
    assert (audited["decisions"], audited["followed"], audited["second"]) == (5, [], other.public_id)
    assert [client.get(f"{path}audited/").status_code for client in (api, trader)] == [401, 403]
    same = auditor.post(COUNTERFACTUALS, {**body, "second": one.public_id})
    assert (same.status_code, same.json()["code"]) == (422, "same_organisation")
    unknown = auditor.post(COUNTERFACTUALS, {**body, "second": "org_none"})
    assert unknown.status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_listing_takes_few_statements(api, auditor, django_assert_num_queries, count):
    one, *others = traded_day()
    end_day()
    for other in others[:count]:
        auditor.post(COUNTERFACTUALS, {**DAYS, "first": one.public_id, "second": other.public_id})
    with django_assert_num_queries(1):
        assert len(api.get(COUNTERFACTUALS).json()["results"]) == count
