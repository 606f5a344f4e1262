"""Jobs over HTTP: their organisation sees them, the operator resolves what is parked."""

from __future__ import annotations

import pytest

from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs import services
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.jobs.states import JobState
from tests.participants import factories as parties

from .probe import kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return parties.organisation()


@pytest.fixture
def operator():
    return parties.client_of(parties.organisation(is_operator=True))


def put(organisation, tmp_path, act="", subject="thing_1") -> Job:
    return services.enqueue(
        kind=kinds.PLAIN,
        subject=subject,
        organisation=organisation.public_id,
        arguments={"trace": str(tmp_path / "trace"), "act": act},
    )


def recorded(job: Job) -> list[tuple[str, dict[str, str]]]:
    """What evidence says about the job, each by the operator's person."""
    records = EvidenceRecord.objects.filter(subject=job.public_id, actor__startswith="usr_").order_by("id")
    return list(records.values_list("kind", "payload"))


def test_a_participant_sees_its_jobs_and_nobody_elses(owner, tmp_path):
    job = put(owner, tmp_path)
    shown = parties.client_of(owner).get("/api/v1/jobs/").json()["results"]
    assert shown == [
        {
            "id": job.public_id,
            "kind": "probe.plain",
            "title": {"ja": "試験", "en": "probe"},
            "queue": "default",
            "subject": "thing_1",
            "organisation": owner.public_id,
            "state": "queued",
            "attempts": 0,
            "progress": {"done": 0, "total": None},
            "created_at": shown[0]["created_at"],
            "due_at": shown[0]["due_at"],
            "ended_at": None,
            "error": None,
        }
    ]
    other = parties.client_of(parties.organisation())
    assert other.get("/api/v1/jobs/").json()["results"] == []
    assert other.get(f"/api/v1/jobs/{job.public_id}/").status_code == 404


def test_the_operator_retries_a_parked_job(owner, operator, tmp_path):
    job = put(owner, tmp_path, "fail")
    run_due("default")
    shown = operator.get(f"/api/v1/jobs/{job.public_id}/").json()
    assert (shown["state"], shown["error"]) == ("parked", "ValueError: told to fail")
    answer = operator.post(f"/api/v1/jobs/{job.public_id}/retry/")
    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (200, "queued", 0)
    assert operator.post(f"/api/v1/jobs/{job.public_id}/retry/").status_code == 409
    assert recorded(job) == [("jobs.retried", {"kind": "probe.plain", "subject": "thing_1"})]


def test_the_operator_gives_a_parked_job_up_with_a_reason(owner, operator, tmp_path):
    job = put(owner, tmp_path, "fail")
    run_due("default")
    path = f"/api/v1/jobs/{job.public_id}/abandon/"
    assert operator.post(path, {}).status_code == 422
    answer = operator.post(path, {"reason": "the file is gone"})
    assert (answer.status_code, answer.json()["state"]) == (200, "abandoned")
    assert answer.json()["error"].endswith("the file is gone")
    told = {"kind": "probe.plain", "subject": "thing_1", "reason": "the file is gone"}
    assert recorded(job) == [("jobs.abandoned", told)]


def test_a_participant_resolves_nothing(owner, tmp_path):
    job = put(owner, tmp_path, "fail")
    run_due("default")
    client = parties.client_of(owner)
    assert client.get(f"/api/v1/jobs/{job.public_id}/").json()["error"] is None
    assert client.post(f"/api/v1/jobs/{job.public_id}/retry/").status_code == 403
    assert client.post(f"/api/v1/jobs/{job.public_id}/abandon/", {"reason": "no"}).status_code == 403
    job.refresh_from_db()
    assert job.state == JobState.PARKED
    assert recorded(job) == []


def test_a_list_costs_the_same_with_one_job_and_with_three(owner, tmp_path, django_assert_num_queries):
    client = parties.client_of(owner)
    for number in range(3):
        put(owner, tmp_path, subject=f"thing_{number}")
        if number in (0, 2):
            with django_assert_num_queries(2):
                assert len(client.get("/api/v1/jobs/").json()["results"]) == number + 1
