"""The database refuses wrong jobs, whoever writes them."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.jobs.models import Job
from tests.roles import assert_refused

pytestmark = pytest.mark.django_db


def refused(sql: str, match: str) -> None:
    before = list(Job.objects.order_by("id").values())
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(sql), because=match)
    assert list(Job.objects.order_by("id").values()) == before


@pytest.fixture
def job() -> Job:
    return Job.objects.create(kind="probe.plain", queue="default", subject="thing_1")


def test_of_one_kind_and_subject_there_is_one_job(job):
    refused(
        "INSERT INTO jobs_job (public_id, kind, queue, subject, organisation, arguments, state, attempts,"
        " progress_done, progress_total, error) VALUES ('job_x', 'probe.plain', 'default', 'thing_1', '', '{}',"
        " 'queued', 0, 0, 0, '')",
        "job_once",
    )


def test_a_job_runs_if_and_only_if_it_has_a_lease(job):
    refused("UPDATE jobs_job SET state = 'running'", "job_runs_by_lease")
    refused("UPDATE jobs_job SET lease_until = now(), run_token = gen_random_uuid()", "job_runs_by_lease")


def test_states_follow_the_table_and_ends_are_dated(job):
    refused("UPDATE jobs_job SET state = 'done', ended_at = now()", "queued does not lead to done")
    refused("UPDATE jobs_job SET ended_at = now()", "job_ended_when")


def test_what_a_job_is_about_never_changes_and_it_is_not_deleted(job):
    refused("UPDATE jobs_job SET subject = 'thing_2'", "cannot be changed")
    refused("UPDATE jobs_job SET arguments = '{\"a\": 1}'", "cannot be changed")
    refused("DELETE FROM jobs_job", "are kept")


def test_progress_never_passes_its_total(job):
    refused("UPDATE jobs_job SET progress_done = 2, progress_total = 1", "job_progress")
