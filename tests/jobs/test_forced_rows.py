"""One job stops no queue: what the owner of the table forces in is worked on as any other job, or fails alone, and is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection, transaction

from marketplace.jobs import runner, services
from marketplace.jobs.models import Job
from marketplace.jobs.states import JobState
from marketplace.kernel.invariants import REGISTER
from tests.roles import unguarded

from .probe import kinds


def put(trace: Path, subject: str) -> Job:
    with transaction.atomic():
        return services.enqueue(kind=kinds.PLAIN, subject=subject, arguments={"trace": str(trace), "act": ""})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("attempts", "2147483647"),
        ("due_at", "'-infinity'"),
        ("created_at", "'infinity'"),
        ("created_at", "'9999-12-31 23:59:59.999999-14'"),
        ("arguments", '\'{"n": ' + "9" * 5_000 + "}'"),
    ],
)
def test_a_row_that_nobody_can_read_stops_no_other_job(committed_database, tmp_path, column, value):
    poison = put(tmp_path / "trace", "poison")
    sound = put(tmp_path / "trace", "sound")
    with unguarded("jobs_job"), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE jobs_job DROP CONSTRAINT jobs_job_{column}_check")
        cursor.execute(f"UPDATE jobs_job SET {column} = {value} WHERE id = %s", [poison.pk])
    runner.run_due("default")
    sound.refresh_from_db()
    assert sound.state == JobState.DONE
    state = Job.objects.values_list("state", flat=True).get(subject="poison")
    assert state == (JobState.PARKED if column == "arguments" else JobState.DONE)
    assert [each["column"] for each in REGISTER["jobs.columns_within_bounds"].check()] == (
        [] if column == "attempts" else [f"jobs_job.{column}"]
    )
