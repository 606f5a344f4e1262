"""Inserting many rows in one statement, so that statement triggers see them as one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import sql


def insert_columns(table: str, columns: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
    """Insert rows given column by column, ``name → (type, values)``, all of one length, in a single statement.

    Columns that are not given take their database default.
    """
    if len({len(values) for _, values in columns.values()}) != 1:
        raise ValueError("every column needs as many values as the others")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    arrays = sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(kind)) for kind, _ in columns.values())
    statement = sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})").format(
        sql.Identifier(table), names, arrays
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(values) for _, values in columns.values()])
