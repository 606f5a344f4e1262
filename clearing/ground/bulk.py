"""Inserts many rows in one statement, so that statement triggers see them as one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection
from psycopg import Cursor, sql

from marketplace.kernel.prepared import execute_prepared


def insert_columns(
    table: str, columns: Mapping[str, tuple[str, Sequence[Any]]], *, prepared: bool = False
) -> None:
    """Insert rows given column by column, ``name → (type, values)``, all of one length, in a single statement.

    Columns that are not given take their database default. ``prepared``: they are few rows of a hot path.
    """
    if len({len(values) for _, values in columns.values()}) != 1:
        raise ValueError("every column needs as many values as the others")
    statement = _insertion(table, tuple((name, kind) for name, (kind, _) in columns.items()))
    values = [list(values) for _, values in columns.values()]
    if prepared:
        execute_prepared(statement, values)
    else:
        execute_binary(statement.encode(), values)


@cache
def _insertion(table: str, columns: tuple[tuple[str, str], ...]) -> str:
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    arrays = sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(kind)) for _, kind in columns)
    statement = sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})")
    return statement.format(sql.Identifier(table), names, arrays).as_string()


def copy_columns(table: str, columns: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
    """Insert rows like ``insert_columns``, by COPY, which is one statement too: faster for thousands of wide rows."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    rows = zip(*(values for _, values in columns.values()), strict=True)
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        Cursor(connection.connection) as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.set_types([kind for kind, _ in columns.values()])
        for row in rows:
            copy.write_row(row)


def execute_binary(statement: sql.Composed | bytes, values: Sequence[Any] | Mapping[str, Any]) -> int:
    """Run one statement with its values in PostgreSQL's binary format, which is faster than text for long arrays.

    Returns the number of rows that it wrote. Raises the same errors as Django's cursor.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return cursor.execute(statement, values).rowcount


def fetch_binary(query: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a query whose values include long arrays; values and rows travel in PostgreSQL's binary format."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return cursor.execute(query.encode(), values, binary=True).fetchall()
