"""Prepared statements for short statements of hot paths: PostgreSQL parses and plans them once for a connection.

Suited are statements whose plan is the same for all of their values: rows found by keys, a few rows written. Where a pool
in transaction mode stands between (``DATABASE_POOLED``), the next transaction may have another connection of the server:
the same statements are sent there without being prepared. They name their columns, because a prepared ``SELECT *`` fails
once a migration has added one. Once it has changed the type of a column, all that was prepared is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from psycopg import Cursor, OperationalError
from psycopg._queries import PostgresQuery
from psycopg.errors import FeatureNotSupported
from psycopg.pq import TransactionStatus

Values = Sequence[Any] | Mapping[str, Any]
Model = TypeVar("Model", bound=models.Model)


class _PreparedCursor(Cursor[tuple[Any, ...]]):
    """A cursor that prepares what it executes, on a connection that may; values are bound by the server."""

    def execute(self, query: Any, params: Values | None = None, **options: Any) -> Self:
        """Execute it, prepared if the connection may.

        A statement whose columns have other types than when it was prepared is prepared anew. Within a transaction, which
        has failed by that, raises OperationalError: tried again, it succeeds.
        """
        try:
            return super().execute(query, params, **(options | {"prepare": True}))
        except FeatureNotSupported as error:
            if self.connection.info.transaction_status is not TransactionStatus.IDLE:
                # The rollback forgets what was prepared.
                raise OperationalError("columns of a prepared statement have changed: try again") from error
            self.connection.execute("DEALLOCATE ALL")
            return super().execute(query, params, **(options | {"prepare": True}))

    def _convert_query(self, query: Any, params: Values | None = None) -> PostgresQuery:
        """Keep what is sent, as the cursors that Django makes do: its log of queries reads it there."""
        self._query = super()._convert_query(query, params)
        return self._query


def execute_prepared(statement: str, values: Values) -> int:
    """Run a statement, prepared; returns the number of rows that it wrote. Raises the same errors as Django's cursor."""
    with _cursor() as cursor:
        cursor.execute(statement, values)
        written: int = cursor.rowcount
    return written


def fetch_prepared(statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """The rows of a query, prepared."""
    with _cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def fetch_models(
    model: type[Model], statement: str, values: Values, *, further: Sequence[str] = ()
) -> list[Model]:
    """The rows of a query, prepared, as instances of ``model``: a raw query set, but in a fraction of its time.

    It selects ``columns_of(model)``, whose fields need no conversion, and then what becomes the attributes ``further``.
    """
    names = _attributes(model)
    found = []
    for row in fetch_prepared(statement, values):
        instance = model.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)])
        vars(instance).update(zip(further, row[len(names) :], strict=True))
        found.append(instance)
    return found


def insert_prepared(row: Model) -> Model:
    """Insert a new row, prepared, as ``save`` does, and return it with its key and what the database generates.

    Every other field has a value or a default of its own. Nothing is told to receivers of signals.
    """
    model, database = type(row), connections[DEFAULT_DB_ALIAS]
    values = [field.get_db_prep_save(field.pre_save(row, add=True), database) for field in _given(model)]
    (returned,) = fetch_prepared(_insertion(model), values)
    for field, value in zip(_made(model), returned, strict=True):
        setattr(row, field.attname, value)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


@cache
def _insertion(model: type[models.Model]) -> str:
    given = _given(model)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({_listed(given)})'  # noqa: S608  our own words
        f" VALUES ({', '.join(['%s'] * len(given))}) RETURNING {_listed(_made(model))}"
    )


@cache
def _made(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The fields that the database makes: the key and generated columns."""
    return [
        field for field in model._meta.concrete_fields if field.generated or field is model._meta.auto_field
    ]


@cache
def _given(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if field not in _made(model)]


def _listed(fields: list[models.Field[Any, Any]]) -> str:
    return ", ".join(f'"{field.column}"' for field in fields)


def update_prepared(row: models.Model, changes: Mapping[str, Any], *, where: Mapping[str, Any]) -> int:
    """Save ``changes`` to the stored ``row`` if its fields are as in ``where``, prepared; returns the number of rows: 0 or 1.

    As ``QuerySet.update`` does, but with values only, not expressions. ``row`` itself stays as it is.
    """
    model, database = type(row), connections[DEFAULT_DB_ALIAS]
    stated = (*changes.items(), ("pk", row.pk), *where.items())
    values = [_field(model, name).get_db_prep_save(_key(value), database) for name, value in stated]
    return execute_prepared(_update(model, tuple(changes), tuple(where)), values)


@cache
def _update(model: type[models.Model], changed: tuple[str, ...], where: tuple[str, ...]) -> str:
    def compared(names: tuple[str, ...], between: str) -> str:
        return between.join(f'"{_field(model, name).column}" = %s' for name in names)

    return (
        f'UPDATE "{model._meta.db_table}" SET {compared(changed, ", ")}'  # noqa: S608  our own words
        f" WHERE {compared(('pk', *where), ' AND ')}"
    )


@cache
def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, models.Field)  # noqa: S101  for the types: a relation from elsewhere is no column
    return found


def _key(value: Any) -> Any:
    """``value`` as a column holds it: a row that is referred to by its key."""
    return value.pk if isinstance(value, models.Model) else value


@cache
def columns_of(model: type[models.Model], table: str) -> str:
    """The columns of ``model`` in the order of its fields, for a query that names its table ``table``."""
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


@cache
def _attributes(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def _cursor() -> Any:
    """As ``connection.cursor``, with its checks, wrappers and log; ``connection`` itself is looked up at each use."""
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    wrap = database.make_debug_cursor if database.queries_logged else database.make_cursor
    prepared: Any = _PreparedCursor(database.connection)
    return wrap(prepared)
