"""Migrations that bound columns: Django makes the check of a column only together with its table."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from .columns import BoundedJSONField, DayField, MomentField

BOUNDED = (MomentField, DayField, BoundedJSONField)


def bound_columns(app: str) -> migrations.RunPython:
    """The operation that makes the checks of the bounded columns of an application anew."""

    def add_checks(apps: Any, schema_editor: Any) -> None:
        for model in apps.get_app_config(app).get_models():
            table = model._meta.db_table
            for column in model._meta.local_concrete_fields:
                if isinstance(column, BOUNDED):
                    _add_check(schema_editor, table, f"{table}_{column.column}_check", column)

    return migrations.RunPython(add_checks, migrations.RunPython.noop)


def _add_check(schema_editor: Any, table: str, name: str, column: Any) -> None:
    table, name = schema_editor.quote_name(table), schema_editor.quote_name(name)
    within = column.db_check(schema_editor.connection)
    schema_editor.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} CHECK ({within})",
        params=None,
    )
