"""Who acts on the tests' database: the application's role, as in production, and the owner only where a test says so.

A test's session logs in as the owner, which makes databases, and takes on the application's role at once (``assume_role``
in ``marketplace.settings.test``). It has the rights of that role, not its limits on time, because many tests are one
transaction. Processes that tests start log in as the application's role, with both.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from psycopg.pq import TransactionStatus


class Role(StrEnum):
    """Who sends a statement: the application, or the owner of the tables, whom no missing right stops."""

    APPLICATION = "application"
    OWNER = "owner"


@contextlib.contextmanager
def acting_as(role: Role) -> Iterator[None]:
    """Every statement of this process inside is of ``role``: in the open session, and in those opened meanwhile."""
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    before: str | None = options.get("assume_role")
    after = settings.APPLICATION_ROLE if role is Role.APPLICATION else None
    if connection.settings_dict["USER"] == after:
        after = None
    _assume(after)
    try:
        yield
    finally:
        _assume(before)


def as_owner() -> contextlib.AbstractContextManager[None]:
    """The owner of the tables acts inside, as whoever repairs the database by hand and the owner's commands do."""
    return acting_as(Role.OWNER)


def as_application() -> contextlib.AbstractContextManager[None]:
    """The application's role acts inside; for a part of what the owner does."""
    return acting_as(Role.APPLICATION)


def _assume(name: str | None) -> None:
    options = connection.settings_dict["OPTIONS"]
    if name is None:
        options.pop("assume_role", None)
    else:
        options["assume_role"] = name
    session = connection.connection
    # A transaction that has failed takes no statement; when it is rolled back, the role is again what it was.
    if session is None or session.closed or session.info.transaction_status is TransactionStatus.INERROR:
        return
    # Beside Django, so that no test counts it among the queries of what it measures.
    session.execute(
        sql.SQL("SET ROLE NONE") if name is None else sql.SQL("SET ROLE {}").format(sql.Identifier(name))
    )


def assert_refused(attack: Callable[[], Any], *, because: str = "") -> None:
    """``attack``, which sends raw SQL, is refused to both roles: to the owner by a guard that says ``because``.

    The application is refused by that guard too, or does not get as far, because it lacks the right.
    """
    for role in Role:
        with acting_as(role), pytest.raises(DatabaseError) as refusal, transaction.atomic():
            attack()
        if role is Role.APPLICATION and isinstance(refusal.value.__cause__, InsufficientPrivilege):
            continue
        assert (role, isinstance(refusal.value, IntegrityError)) == (role, True), refusal.value
        assert re.search(because, str(refusal.value)), refusal.value


@contextlib.contextmanager
def unguarded(*tables: str) -> Iterator[None]:
    """The owner acts inside, and has switched off the triggers of ``tables``: so wrong states are forced in."""
    with as_owner(), connection.cursor() as cursor:
        connection.check_constraints()
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        connection.check_constraints()
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def application_login() -> dict[str, str]:
    """``USER`` and ``PASSWORD`` with which the application's processes log in to this test's server."""
    login: dict[str, str] = connection.settings_dict["APPLICATION_LOGIN"]
    return login


def application_url() -> str:
    """The address of this test's database, as the application's processes know it."""
    return _url(**application_login())


def owner_url() -> str:
    """The address of this test's database for its owner."""
    return _url(connection.settings_dict["USER"], connection.settings_dict["PASSWORD"])


def _url(USER: str, PASSWORD: str) -> str:  # noqa: N803  # as settings name them
    facts = connection.settings_dict
    return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"
