"""The register of invariants: each with the database guards that enforce it and the test that tries to break it.

Each application declares its invariants in ``invariants.py``. ``manage.py check_invariants`` verifies all of them over
the whole database; it is the guard for what no database constraint can enforce.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Field, Model

from .columns import AttemptsField, BoundedJSONField, DayField, MinorField, MomentField
from .limits import reading_long

BREACHES_SHOWN_MAX = 20
CHECK_SECONDS_MAX = 3600
"""A check reads whole tables."""

NAME_LENGTH = 64
"""PostgreSQL cuts longer names of constraints."""
READABLE: tuple[type[Field[Any, Any]], ...] = (MomentField, DayField, AttemptsField, BoundedJSONField)

REGISTER: dict[str, Invariant] = {}

Check = Callable[[], list[dict[str, Any]]]
Breaches = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Invariant:
    """One statement that is true of every committed state of the database.

    ``name``: ``<app>.<statement in snake case>``. ``promise``: the number of the market's promise that it serves.
    ``guards``: database constraints and triggers that enforce it, as ``table.name``. ``test``: the test that tries
    to break it by raw SQL, as ``path::function``. ``check``: returns the rows that break it, or none.
    """

    name: str
    promise: int
    statement: str
    check: Check
    guards: tuple[str, ...] = field(default=())
    test: str = ""

    def __post_init__(self) -> None:
        """Register the invariant; raises ValueError if the name is taken."""
        if self.name in REGISTER:
            raise ValueError(f"invariant {self.name} is declared twice")
        REGISTER[self.name] = self


@dataclass(frozen=True)
class PartialCheck:
    """Verifies one part of the database: ``verify`` takes the key of the part and returns invariant → breaches."""

    verify: Callable[[str], Breaches]
    help: str


PARTIAL_CHECKS: dict[str, PartialCheck] = {}


def register_partial_check(name: str, verify: Callable[[str], Breaches], help_text: str) -> None:
    """Add the option ``--<name> KEY`` to ``check_invariants``, which verifies the part with that key."""
    PARTIAL_CHECKS[name] = PartialCheck(verify, help_text)


def by_query(sql: str) -> Check:
    """A check whose breaches are the rows that ``sql`` selects."""

    def check() -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            columns = [column.name for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchmany(BREACHES_SHOWN_MAX)]

    return check


def amounts_within_ceiling(app: str) -> Check:
    """A check of every amount of an application against the ceiling of totals; breaches as ``columns_within_bounds``."""
    return _within_bounds(app, (MinorField,))


def columns_within_bounds(app: str) -> Check:
    """A check of every ``MomentField``, ``DayField``, ``AttemptsField`` and ``BoundedJSONField`` of an application.

    Its breaches name the column, how many rows are beyond them, and the key of the first.
    """
    return _within_bounds(app, READABLE)


def declare_readable(app: str) -> None:
    """Declare the invariant that every bounded column of an application is within its bounds."""
    columns = [
        (model._meta.db_table, column.column)
        for model in apps.get_app_config(app).get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, READABLE)
    ]
    checks = [(table, f"{table}_{column}_check") for table, column in columns]
    Invariant(
        name=f"{app}.columns_within_bounds",
        promise=7,
        statement="Every moment, day and JSON value can be read.",
        guards=tuple(f"{table}.{name}" for table, name in checks if len(name) < NAME_LENGTH),
        test="tests/kernel/test_readable_columns.py::test_the_bounds_stand_in_the_database",
        check=columns_within_bounds(app),
    )


def _within_bounds(app: str, kinds: tuple[type[Field[Any, Any]], ...]) -> Check:
    """A check of all columns of these kinds against the condition that the database holds for new rows."""

    def check() -> list[dict[str, Any]]:
        breaches: list[dict[str, Any]] = []
        for model in apps.get_app_config(app).get_models():
            bounded = [each for each in model._meta.concrete_fields if isinstance(each, kinds)]
            breaches += _beyond_bounds(model, bounded) if bounded else []
        return breaches

    return check


def _beyond_bounds(model: type[Model], columns: Sequence[Field[Any, Any]]) -> list[dict[str, Any]]:
    """The ``columns`` of a table that hold more than their bounds; the table is read once."""
    table, key = model._meta.db_table, model._meta.pk.column
    beyond = [f"FILTER (WHERE NOT ({column.db_check(connection)}))" for column in columns]
    counts = ", ".join(f"count(*) {each}, min({key}) {each}" for each in beyond)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts} FROM {table}")  # noqa: S608  our own words
        found = cursor.fetchone()
    return [
        {"column": f"{table}.{column.column}", "rows": rows, "first": first}
        for column, rows, first in zip(columns, found[::2], found[1::2], strict=True)
        if rows
    ]


def verify_all(app: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Verify every invariant, or those of one ``app``: name → breaches, for each invariant checked.

    Each in a transaction of its own, so that none sees rows of long ago; all in the caller's transaction, where one is open.
    """
    asked = {
        name: each for name, each in sorted(REGISTER.items()) if app is None or name.startswith(f"{app}.")
    }
    if connection.in_atomic_block:
        with reading_long(CHECK_SECONDS_MAX):
            return {name: each.check() for name, each in asked.items()}
    results: dict[str, list[dict[str, Any]]] = {}
    for name, each in asked.items():
        with reading_long(CHECK_SECONDS_MAX):
            results[name] = each.check()
    return results
