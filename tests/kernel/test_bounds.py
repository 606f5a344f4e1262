"""One home of the ceilings of counts, times and rates, which the documents publish and the database holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from marketplace.kernel import amounts, bounds
from marketplace.kernel.columns import CountField, DaysField, MonthsField, RateField
from tests.roles import as_owner

PUBLISHED = Path(__file__).parents[2] / "docs" / "api" / "README.md"
STATED = re.compile(r"(^|_)(days|months|rate_bp|share_bp|bp)$")
FIELDS = (CountField, DaysField, MonthsField, RateField)
BOUNDED = [
    (model._meta.db_table, column)
    for model in apps.get_models()
    for column in model._meta.concrete_fields
    if isinstance(column, FIELDS)
]


def test_every_ceiling_is_published():
    rows = dict(re.findall(r"\(`([A-Z_]+_MAX)`\)[^|]*\| ([0-9,]+) \|", PUBLISHED.read_text(encoding="utf-8")))
    published = {name: int(number.replace(",", "")) for name, number in rows.items()}
    ceilings = {
        name: value
        for module in (amounts, bounds)
        for name, value in vars(module).items()
        if name.endswith("_MAX")
    }
    assert published == ceilings


def test_every_column_of_days_months_and_rates_has_a_ceiling():
    unbounded = [
        f"{model._meta.db_table}.{column.name}"
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if model._meta.app_label in {"listings", "contracts", "delivery", "quality", "clearing", "rules"}
        and STATED.search(column.name)
        and not isinstance(column, FIELDS)
    ]
    assert unbounded == []


@pytest.mark.parametrize(("table", "column"), BOUNDED, ids=[f"{t}.{c.name}" for t, c in BOUNDED])
def test_the_database_holds_the_ceiling(db, table, column):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE probe (LIKE {table} INCLUDING CONSTRAINTS)")
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'probe'::regclass AND attnotnull AND attnum > 0"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE probe ALTER COLUMN "{name}" DROP NOT NULL')
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'probe'::regclass AND contype = 'c'"
            " AND pg_get_constraintdef(oid) <> %s",
            [f"CHECK ((({column.column} >= 0) AND ({column.column} <= {column.highest})))"],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE probe DROP CONSTRAINT "{name}"')
        cursor.execute(f'INSERT INTO probe ("{column.column}") VALUES (NULL)')
        for number in (-1, column.highest + 1):
            with pytest.raises(IntegrityError, match="violates check constraint"), transaction.atomic():
                cursor.execute(f'UPDATE probe SET "{column.column}" = %s', [number])
