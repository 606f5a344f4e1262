"""Inserting many rows in one statement, so that statement triggers see them as one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor, sql


def insert_columns(table: str, columns: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
    """Insert rows given column by column, ``name → (type, values)``, all of one length, in a single statement.

    Columns that are not given take their database default.
    """
    if len({len(values) for _, values in columns.values()}) != 1:
        raise ValueError("every column needs as many values as the others")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    arrays = sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(kind)) for kind, _ in columns.values())
    statement = sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})").format(
        sql.Identifier(table), names, arrays
    )
    execute_binary(statement, [list(values) for _, values in columns.values()])


def execute_binary(statement: sql.Composed | bytes, values: Sequence[Any] | Mapping[str, Any]) -> None:
    """Run one statement with its values in PostgreSQL's own binary form: long arrays are not written out as text.

    Raises what Django raises for the same.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, values)
