"""Migrations wait for a lock only a short time, let others pass, and try again."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.roles import application_url, as_owner

LOCK_AWAITED = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'mfa_authenticator'::regclass)"
)


@pytest.fixture(autouse=True)
def owner(committed_database: str) -> Iterator[None]:
    """The owner of the tables migrates."""
    with as_owner():
        yield


def reader(database: str) -> psycopg.Connection:
    """A connection in a transaction that has read the table of second factors, so that it cannot be dropped.

    Without the role's limits on time: a busy machine may take longer to migrate than a transaction of the market may last.
    """
    endless = "-c transaction_timeout=0 -c idle_in_transaction_session_timeout=0"
    other = psycopg.connect(application_url(), dbname=database, options=endless)
    other.execute("SELECT count(*) FROM mfa_authenticator")
    return other


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def exists() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('mfa_authenticator') IS NOT NULL")
        return bool(cursor.fetchone()[0])


def test_a_migration_waits_for_its_locks_and_lets_others_pass(committed_database):
    told = io.StringIO()
    other = reader(committed_database)
    passed: list[float] = []

    def read_on() -> None:
        with reader(committed_database) as third:
            third.rollback()
            wait_until(lambda: third.execute(LOCK_AWAITED).fetchone() == (True,))
            began = time.monotonic()
            third.execute("SELECT count(*) FROM mfa_authenticator")
            passed.append(time.monotonic() - began)
        wait_until(lambda: "attempt 1" in told.getvalue())
        other.rollback()

    thread = threading.Thread(target=read_on)
    thread.start()
    call_command("migrate", "mfa", "zero", lock_seconds=1, stdout=told)
    thread.join(30)
    other.close()
    assert exists() is False
    assert "attempt 1" in told.getvalue()
    assert len(passed) == 1
    assert passed[0] < 2


def test_a_migration_that_never_gets_its_locks_changes_nothing(committed_database):
    with reader(committed_database), pytest.raises(CommandError, match="2 attempts"):
        call_command("migrate", "mfa", "zero", lock_seconds=1, attempts=2, stdout=io.StringIO())
    assert exists() is True
    call_command("migrate", "mfa", "zero", stdout=io.StringIO())
    assert exists() is False


def test_the_limit_ends_with_the_migration(committed_database):
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        before = cursor.fetchone()
        call_command("migrate", "mfa", "zero", verbosity=0)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == before
