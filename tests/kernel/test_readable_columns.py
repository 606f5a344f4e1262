"""Every row of the pipe can be read: the database refuses moments, counts and JSON values that Python has not."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models.functions import Now

from marketplace.jobs.models import Job
from marketplace.kernel.aside import Loop
from marketplace.kernel.bounds import COUNT_MAX, INTEGER_MAX, JSON_BYTES_MAX, JSON_DEPTH_MAX
from marketplace.kernel.columns import UNREADABLE, BoundedJSONField, MomentField
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.models import AsideRow
from tests.roles import as_owner, assert_refused

PIPE = ("events", "evidence", "jobs", "kernel", "notices", "webhooks")
DEEP = "[" * JSON_DEPTH_MAX + "]" * JSON_DEPTH_MAX

pytestmark = pytest.mark.django_db


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


@pytest.fixture
def job() -> Job:
    return Job.objects.create(kind="probe.plain", queue="default", subject="thing_1")


def test_every_moment_and_json_value_of_the_pipe_is_bounded():
    unbounded = {
        f"{model._meta.db_table}.{column.column}"
        for app in PIPE
        for model in apps.get_app_config(app).get_models()
        for column in model._meta.concrete_fields
        if (isinstance(column, models.DateTimeField) and not isinstance(column, MomentField))
        or (isinstance(column, models.JSONField) and not isinstance(column, BoundedJSONField))
    }
    # Its constraints have names of their own: a payload is shorter than other JSON.
    assert unbounded == {"evidence_evidencerecord.payload"}


@pytest.mark.parametrize("app", PIPE)
def test_the_bounds_of_moments_stand_in_the_database(app):
    for model in apps.get_app_config(app).get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, MomentField):
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT count(*) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
                        " AND pg_get_constraintdef(oid) LIKE '%%' || %s || ' >= ''1900-01-01%%2200-01-01%%'",
                        [model._meta.db_table, column.column],
                    )
                    assert (column, cursor.fetchone()) == (column, (1,))


@pytest.mark.parametrize("value", ["infinity", "-infinity", "1899-12-31 23:59+00", "2200-01-01 00:00+00"])
@pytest.mark.parametrize("column", ["due_at", "ended_at"])
def test_a_moment_that_nobody_can_read_is_refused(job, column, value):
    assert_refused(
        lambda: execute(f"UPDATE jobs_job SET {column} = %s", value),
        because=f"jobs_job_{column}_check|job_ended_when",
    )


@pytest.mark.parametrize(
    ("value", "because"),
    [
        ('{"n": ' + "9" * 5_000 + "}", "arguments_check"),
        ('{"n": ' + str(INTEGER_MAX + 1) + "}", "arguments_check"),
        ('{"n": ' + DEEP + "}", "arguments_check"),
        ('{"n": "' + "x" * JSON_BYTES_MAX + '"}', "arguments_check"),
    ],
)
def test_a_row_that_nobody_can_read_is_refused(value, because):
    assert_refused(
        lambda: execute(
            "INSERT INTO jobs_job (public_id, kind, queue, subject, organisation, arguments, state, attempts,"
            " progress_done, progress_total, error) VALUES ('job_x', 'probe.plain', 'default', 'x', '', %s,"
            " 'queued', 0, 0, 0, '')",
            value,
        ),
        because=because,
    )
    assert Job.objects.count() == 0


def test_a_number_of_attempts_beyond_its_ceiling_is_refused(job):
    assert_refused(lambda: execute("UPDATE jobs_job SET attempts = 32767"), because="attempts_check")


def test_values_at_the_bounds_are_stored():
    within = "[" * (JSON_DEPTH_MAX - 2) + str(INTEGER_MAX) + "]" * (JSON_DEPTH_MAX - 2)
    job = Job.objects.create(kind="probe.plain", queue="default", subject="x")
    with as_owner():
        execute("ALTER TABLE jobs_job DISABLE TRIGGER USER")
        execute("UPDATE jobs_job SET arguments = %s, attempts = 1000", '{"n": ' + within + "}")
    job.refresh_from_db()
    assert list(job.arguments) == ["n"]


def test_a_value_that_was_forced_in_is_read_as_such_and_named(job):
    with as_owner():
        execute("ALTER TABLE jobs_job DISABLE TRIGGER USER")
        execute("ALTER TABLE jobs_job DROP CONSTRAINT jobs_job_arguments_check")
        execute("UPDATE jobs_job SET arguments = %s", '{"n": ' + "9" * 5_000 + "}")
    assert Job.objects.get().arguments == UNREADABLE
    assert REGISTER["jobs.columns_within_bounds"].check() == [
        {"column": "jobs_job.arguments", "rows": 1, "first": job.pk}
    ]


def test_a_key_that_the_sequence_did_not_give_is_refused(job):
    for key in (job.pk + 1, job.pk + 10**9, 0, -1):
        assert_refused(
            lambda key=key: execute(
                "INSERT INTO jobs_job (id, public_id, kind, queue, subject, organisation, arguments, state,"
                " attempts, progress_done, progress_total, error) VALUES (%s, 'job_x', 'probe.plain', 'default',"
                " 'x', '', '{}', 'queued', 0, 0, 0, '')",
                key,
            ),
            because="was not drawn from the sequence",
        )
    assert Job.objects.get() == job


@pytest.mark.parametrize("transaction_id", ["1", "9000000000000000000"])
def test_a_record_of_another_transaction_is_refused(transaction_id):
    assert_refused(
        lambda: execute(
            "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at, transaction)"
            " VALUES ('evi_x', 'test.forged', 'x', 'system', '{}', now(), %s::xid8)",
            transaction_id,
        ),
        because="does not write this row",
    )


def test_a_record_that_is_nested_too_deeply_is_refused():
    with pytest.raises(IntegrityError, match="evidence_payload_depth"), transaction.atomic():
        execute(
            "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)"
            " VALUES ('evi_x', 'test.forged', 'x', 'system', %s, now())",
            '{"n": ' + DEEP + "}",
        )


def test_a_row_that_failed_most_often_stands_aside_again():
    Loop("test.loop").set_aside("row", DatabaseError("no"))
    AsideRow.objects.update(failures=COUNT_MAX, since=Now())
    Loop("test.loop").set_aside("row", DatabaseError("again"))
    assert AsideRow.objects.get().failures == COUNT_MAX
