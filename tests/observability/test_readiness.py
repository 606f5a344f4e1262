"""Readiness names every check with its state, and each check fails for its own cause alone."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import override_settings

from marketplace.events import services as events
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.observability import readiness
from marketplace.observability.models import Heartbeat
from marketplace.observability.readiness import CHECKS, verify_readiness
from tests.roles import as_owner

from .conftest import age


def failing(**options: object) -> dict[str, str]:
    """The checks that fail, with what they lack."""
    return {result.name: result.lacks for result in verify_readiness(**options) if not result.is_ready}


def test_every_check_passes_while_everything_works(living):
    assert [result.name for result in verify_readiness()] == list(CHECKS)
    assert failing() == {}


def test_without_a_worker_its_queues_are_named(living):
    Heartbeat.objects.filter(name="worker@here").update(queues=["default", "clearing"])
    lacks = failing()
    assert list(lacks) == ["worker"]
    assert lacks["worker"].startswith("no worker seen within 30 s takes from the queues ")


@pytest.mark.parametrize(("name", "check"), [("worker@here", "worker"), ("beat@here", "beat")])
def test_a_process_not_seen_lately_is_missed(living, name, check):
    age(name, 29)
    assert failing() == {}
    age(name, 31)
    assert list(failing()) == [check]


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_a_broker_that_does_not_answer_is_named(living):
    assert list(failing()) == ["broker"]


def test_a_migration_that_is_not_applied_is_named(living, monkeypatch):
    monkeypatch.setattr(readiness._migrated, "_flag", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'observability'")
    assert failing() == {"migrations": "2 migrations are not applied, first observability.0001_initial"}


def test_an_event_that_nobody_relays_is_named_once_it_is_old(living):
    with transaction.atomic():
        events.emit(OrganisationRegistered(organisation="org_1"))
    assert failing() == {}
    row = OutboxEvent.objects.get()
    late = OutboxEvent(
        type=row.type, version=row.version, subject=row.subject, data=row.data, occurred_at=row.occurred_at,
        recorded_at=Now() - timedelta(seconds=61),
    )  # fmt: skip
    late.save()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_relayposition (name, transaction, event_id)"
            " SELECT 'inbox', transaction, id FROM events_outboxevent WHERE id = %s",
            [row.pk],
        )
    assert list(failing()) == ["relay"]


def test_an_excluded_check_is_not_run(living):
    Heartbeat.objects.all().delete()
    assert list(failing()) == ["worker", "beat"]
    assert failing(excluded=["worker", "beat"]) == {}


def test_the_command_prints_every_check_and_exits_by_the_result(living):
    out = StringIO()
    call_command("check_ready", stdout=out)
    assert out.getvalue().splitlines() == [f"{name}: ok" for name in CHECKS]
    Heartbeat.objects.filter(name="beat@here").delete()
    with pytest.raises(SystemExit, match="1"):
        call_command("check_ready", stdout=StringIO())
    call_command("check_ready", "--exclude", "beat", stdout=StringIO())


def test_the_command_probes_a_process_of_this_host_alone(living):
    out = StringIO()
    call_command("check_ready", "--process", "worker", stdout=out)
    assert out.getvalue() == "worker: ok\n"
    Heartbeat.objects.update(host="elsewhere")
    with pytest.raises(SystemExit, match="1"):
        call_command("check_ready", "--process", "worker", stdout=StringIO())


def test_a_process_that_may_make_tables_is_named(living):
    """As the owner of the tables, or as a role that may make temporary ones and so shadow what a guard reads."""
    with as_owner():
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO PUBLIC")
        assert list(failing()) == ["role"]
        assert "CREATE on the schema public" in failing()["role"]
    assert failing() == {
        "role": "the process works as a role that may make tables, beside those that guards read: TEMPORARY on the"
        " database. Let it work as another, to which `grant_application_role` gives its rights"
    }
