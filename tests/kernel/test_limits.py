"""Whoever of the application's role takes too long is ended; the owner, and what a transaction allows itself, are not."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import InternalError, connection, transaction

from marketplace.kernel.limits import ROLE_LIMITS, allow_seconds, reading_long
from tests.roles import application_url, as_owner

SHOW = "SELECT name, setting::int / CASE unit WHEN 'ms' THEN 1000 ELSE 1 END FROM pg_settings WHERE name = ANY(%s)"


@pytest.fixture
def limited(committed_database: str) -> Iterator[psycopg.Connection]:
    """A session that has logged in as the application's role, in a database of the test's own."""
    with psycopg.connect(application_url(), autocommit=True) as session:
        yield session


def test_every_session_of_the_role_has_its_limits(limited):
    found = dict(limited.execute(SHOW, [list(ROLE_LIMITS)]).fetchall())
    assert found == {name: int(value.removesuffix("s")) for name, value in ROLE_LIMITS.items()}


def test_a_transaction_of_the_role_that_takes_too_long_is_ended(limited):
    """The limit itself is shortened here, so that the test need not wait for it."""
    database = connection.settings_dict["NAME"]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"ALTER ROLE {settings.APPLICATION_ROLE} IN DATABASE {database} SET transaction_timeout = '300ms'"
        )
    with psycopg.connect(application_url()) as session:
        session.execute("SELECT 1")
        time.sleep(0.5)
        with pytest.raises(psycopg.errors.TransactionTimeout):
            session.execute("SELECT 1")
        session.close()


def test_the_owner_has_no_limit(limited):
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_transaction_allows_itself_more_until_it_ends(limited):
    with connection.cursor() as cursor:
        with transaction.atomic():
            allow_seconds(120)
            cursor.execute("SHOW transaction_timeout")
            assert cursor.fetchone() == ("2min",)
        cursor.execute("SHOW transaction_timeout")
        assert cursor.fetchone() == ("0",)


def test_what_a_transaction_allows_itself_replaces_the_limit_of_its_role(limited):
    with connection.cursor() as cursor:
        cursor.execute("SET transaction_timeout = '300ms'")
        with transaction.atomic():
            allow_seconds(20)
            cursor.execute("SELECT pg_sleep(0.6)")
        cursor.execute("SET transaction_timeout = 0")


def test_no_limit_is_changed_outside_a_transaction(limited):
    with pytest.raises(transaction.TransactionManagementError):
        allow_seconds(120)


def test_a_long_reading_cannot_write(limited):
    with (
        pytest.raises(InternalError, match="read-only"),
        reading_long(60),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM participants_session")


def test_a_long_reading_may_compute_between_its_statements(limited):
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '300ms'")
        with reading_long(60):
            cursor.execute("SELECT 1")
            time.sleep(0.6)
            cursor.execute("SELECT 2")
            assert cursor.fetchone() == (2,)
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
