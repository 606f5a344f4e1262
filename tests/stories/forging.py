"""Rows forged by raw SQL: a copy of the newest row of a table, or one of made-up values where the table has none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models

from marketplace.kernel.columns import MinorField
from marketplace.kernel.identifiers import IdentifierField, new_identifier

BUSINESS_NOW = "public.business_now()"


@dataclass(frozen=True)
class Forgery:
    """An attack on one table: ``changes`` are its columns in SQL, about ``t``, the copied row; and what comes of it.

    ``refused``: what the database says, as a regular expression; or ``named``: the invariant that names it afterwards.
    """

    refused: str = ""
    named: str = ""
    changes: dict[str, str] = field(default_factory=dict)


def model_of(table: str) -> type[models.Model]:
    """The model of a table."""
    return next(model for model in apps.get_models() if model._meta.db_table == table)


def _own_value(column: models.Field[Any, Any]) -> str | None:
    """What a forged row has of its own in any case; None if it takes over the copied row's."""
    if isinstance(column, IdentifierField):
        return f"'{new_identifier(column.prefix)}'"
    if isinstance(column, models.DateTimeField):
        return BUSINESS_NOW if column.db_default is models.NOT_PROVIDED else "clock_timestamp()"
    return None


def _made_up(column: models.Field[Any, Any]) -> str:
    """A value of the type of a column, in SQL, for a table without rows."""
    if column.null:
        return "NULL"
    if isinstance(column, models.ForeignKey):
        key = column.related_model._meta.pk.column
        return f"(SELECT max({key}) FROM {column.related_model._meta.db_table})"
    if column.choices:
        return f"'{column.choices[0][0]}'"
    if isinstance(column, models.BooleanField):
        return "false"
    if isinstance(column, models.DateField):
        return "current_date"
    if isinstance(column, MinorField | models.IntegerField):
        return "1"
    if isinstance(column, models.JSONField):
        return "'{}'"
    if isinstance(column, models.BinaryField):
        return "'\\x00'"
    if column.column == "currency":
        return "'JPY'"
    return "'f'" if column.max_length != 64 else f"'{'f' * 64}'"


def forge(table: str, changes: dict[str, str]) -> None:
    """Insert the forged row, and check what the database checks at the end of a transaction."""
    model = model_of(table)
    columns = [
        column
        for column in model._meta.concrete_fields
        if not isinstance(column, models.AutoField) and not getattr(column, "generated", False)
    ]
    key = model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        has_rows = cursor.fetchone()[0] > 0
        values = []
        for column in columns:
            own = changes.get(column.column) or _own_value(column)
            values.append(own or (f't."{column.column}"' if has_rows else _made_up(column)))
        names = ", ".join(f'"{column.column}"' for column in columns)
        source = f" FROM (SELECT * FROM {table} ORDER BY {key} DESC LIMIT 1) t" if has_rows else ""
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {', '.join(values)}{source}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
