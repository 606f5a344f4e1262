"""Every row of the market can be read: the database refuses moments, counts and JSON values that Python has not."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models.functions import Now

from marketplace.jobs.models import Job
from marketplace.kernel.aside import Loop
from marketplace.kernel.bounds import COUNT_MAX, INTEGER_MAX, JSON_BYTES_MAX, JSON_DEPTH_MAX
from marketplace.kernel.columns import UNREADABLE, BoundedJSONField, DayField, MomentField
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.models import AsideRow
from tests.roles import as_owner, assert_refused

APPS = [name.rpartition(".")[2] for name in settings.MARKET_APPLICATIONS]
KINDS = {
    models.DateTimeField: MomentField,
    models.DateField: DayField,
    models.JSONField: BoundedJSONField,
}
DEEP = "[" * JSON_DEPTH_MAX + "]" * JSON_DEPTH_MAX

pytestmark = pytest.mark.django_db


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


@pytest.fixture
def job() -> Job:
    return Job.objects.create(kind="probe.plain", queue="default", subject="thing_1")


def columns(app: str) -> list[models.Field[Any, Any]]:
    found = apps.get_app_config(app).get_models()
    return [column for model in found for column in model._meta.local_concrete_fields]


def named(column: models.Field[Any, Any]) -> str:
    return f"{column.model._meta.db_table}.{column.column}"


def is_bounded(column: models.Field[Any, Any]) -> bool:
    plain = next((kind for kind in KINDS if isinstance(column, kind)), None)
    return plain is None or column.generated or isinstance(column, KINDS[plain])


def test_every_moment_day_and_json_value_of_the_market_is_bounded():
    unbounded = {named(column) for app in APPS for column in columns(app) if not is_bounded(column)}
    assert unbounded == {
        # Its constraints have names of their own: a payload is shorter than other JSON.
        "evidence_evidencerecord.payload",
        # What grows with a cycle, a month or a file: longer than other JSON may be, and read by those whom it concerns.
        "clearing_invoice.document", "clearing_ledgerperiod.trial_balances", "clearing_monthlystatement.document",
        "clearing_transferfile.left_out", "quality_profile.files", "quality_profile.personal_data",
        # Read by whoever repeats the request.
        "api_idempotencyrecord.body",
        "fixtures_daystep.result",
        # Of Django's own model of users.
        "participants_user.last_login", "participants_application.created", "participants_application.updated",
        "participants_application.cimd_expires_at",
    }  # fmt: skip


CHECKS_OF_COLUMN = """
    SELECT regexp_replace(pg_get_constraintdef(c.oid), '^CHECK ', '') FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
     WHERE c.conrelid = %s::regclass AND c.contype = 'c' AND a.attname = %s
"""


def checks_of(table: str, column: str) -> list[str]:
    """The conditions that the database makes of one column alone."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKS_OF_COLUMN, [table, column])
        return [condition for (condition,) in cursor.fetchall()]


@pytest.mark.parametrize("app", APPS)
def test_the_bounds_stand_in_the_database(app):
    for column in columns(app):
        if isinstance(column, tuple(KINDS.values())):
            bound = "jsonb_path_exists" if isinstance(column, BoundedJSONField) else "1900-01-01"
            found = [bound in check for check in checks_of(column.model._meta.db_table, column.column)]
            assert (named(column), found.count(True)) == (named(column), 1)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("participants_segment", "opened_at", "timestamptz 'infinity'"),
        ("observability_heartbeat", "queues", "jsonb 'null'"),
        ("observability_heartbeat", "seen_at", "timestamptz '-infinity'"),
        ("notices_task", "title", "jsonb '[]'"),
        ("clearing_trade", "received_at", "timestamptz '20000-01-01'"),
        ("clearing_ledgerperiod", "month", "date 'infinity'"),
        ("contracts_template", "title", """jsonb '{"ja": "x"}'"""),
        ("rules_decision", "facts", f"""jsonb '{{"n": {"9" * 5_000}}}'"""),
    ],
)
def test_no_row_spoils_a_list_for_everybody(table, column, value):
    """By one row with such a value a public list, or the readiness of every process, failed for good."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {' AND '.join(checks_of(table, column))} FROM (SELECT {value} AS {column}) row"
        )
        assert cursor.fetchone() == (False,)


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
