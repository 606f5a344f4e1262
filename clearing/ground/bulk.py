"""Inserts many rows in one statement, so that statement triggers see them as one set."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from itertools import repeat
from sys import byteorder
from typing import Any

from django.db import connection
from psycopg import Cursor, sql
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format

_LONG = 100
"""psycopg encodes shorter arrays itself."""


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
    """Run one statement with its values in PostgreSQL's binary format, which is faster than text for long arrays.

    Raises the same errors as Django's cursor.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, _encoded(cursor, values))


def fetch_binary(query: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a query whose values include long arrays; values and rows travel in PostgreSQL's binary format."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return cursor.execute(query.encode(), _encoded(cursor, values), binary=True).fetchall()


class _Integers(bytes):
    """A ``bigint[]`` in binary form."""


class _Texts(bytes):
    """A ``text[]`` in binary form."""


class _IntegersDumper(Dumper):
    format = Format.BINARY
    oid = types["int8"].array_oid

    def dump(self, obj: bytes) -> bytes:
        """The bytes as they are."""
        return obj


class _TextsDumper(_IntegersDumper):
    oid = types["text"].array_oid


def _encoded(cursor: Cursor[Any], values: Sequence[Any] | Mapping[str, Any]) -> Any:
    """Encode long lists of integers or texts as whole arrays instead of element by element."""
    cursor.adapters.register_dumper(_Integers, _IntegersDumper)
    cursor.adapters.register_dumper(_Texts, _TextsDumper)
    if isinstance(values, Mapping):
        return {name: _column(value) for name, value in values.items()}
    return [_column(value) for value in values]


def _column(value: Any) -> Any:
    if not isinstance(value, list) or len(value) < _LONG:
        return value
    kinds = set(map(type, value))
    if kinds == {int}:
        return _Integers(_array_header("int8", len(value)) + _integers(value))
    if kinds == {str}:
        encoded = {text: text.encode() for text in set(value)}
        framed = {text: struct.pack("!i", len(found)) + found for text, found in encoded.items()}
        return _Texts(_array_header("text", len(value)) + b"".join(map(framed.__getitem__, value)))
    if kinds == {type(None)}:
        return _Integers(_array_header("int8", len(value), nulls=True) + struct.pack("!i", -1) * len(value))
    return value


def _array_header(kind: str, length: int, *, nulls: bool = False) -> bytes:
    """Header of a one-dimensional array: dimensions, null flag, element type, length, lower bound 1."""
    return struct.pack("!iiIii", 1, nulls, types[kind].oid, length, 1)


def _integers(values: list[int]) -> bytes:
    """Binary elements of a ``bigint[]``: each a 4-byte length and 8 bytes, most significant byte first."""
    words = array("i", array("q", values).tobytes())
    high, low = (words[1::2], words[0::2]) if byteorder == "little" else (words[0::2], words[1::2])
    framed = array("i", repeat(0, 3 * len(values)))
    framed[0::3] = array("i", repeat(8, len(values)))
    framed[1::3], framed[2::3] = high, low
    if byteorder == "little":
        framed.byteswap()
    return framed.tobytes()
