"""Writing past every service, by raw SQL, and what the database says to it."""

from __future__ import annotations

from typing import Any

from django.db import connection

from tests.roles import assert_refused, unguarded

from . import factories


def run(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def refused(match: str, statement: str, *parameters: Any) -> None:
    """The statement is refused to both roles, to the owner by the guard that says so, and nothing has changed."""
    connection.check_constraints()
    before = factories.everything()

    def attack() -> None:
        run(statement, *parameters)
        run("SET CONSTRAINTS ALL IMMEDIATE")

    assert_refused(attack, because=match)
    run("SET CONSTRAINTS ALL DEFERRED")
    assert factories.everything() == before


def copied(table: str, row_id: int, **changes: Any) -> tuple[str, list[Any]]:
    """An INSERT of a copy of one row with ``changes``, past every service."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
    values = ", ".join("%s" if column in changes else f'"{column}"' for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    parameters = [changes[column] for column in columns if column in changes]
    return f"INSERT INTO {table} ({named}) SELECT {values} FROM {table} WHERE id = %s", [*parameters, row_id]


def forced(statement: str, *parameters: Any) -> None:
    """Write past every trigger, as somebody could who owns the tables."""
    tables = [
        f"contracts_{name}" for name in ("negotiation", "proposal", "instrument", "signature", "agreement")
    ]
    with unguarded(*tables):
        run(statement, *parameters)
