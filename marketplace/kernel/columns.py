"""Model fields with bounds: amounts, counts, times, rates, moments and JSON; and column types that Django does not support.

The bounds of moments, attempts and JSON let every row be read: PostgreSQL also stores moments, numbers and nestings that
Python cannot read, and one such row would stop the loop that reads it.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import models

from .amounts import TOTAL_MINOR_MAX
from .bounds import (
    ATTEMPTS_CEILING,
    COUNT_MAX,
    DAYS_MAX,
    INTEGER_MAX,
    JSON_BYTES_MAX,
    JSON_DEPTH_MAX,
    MONTHS_MAX,
    RATE_BP_MAX,
    YEAR_MAX,
    YEAR_MIN,
)

logger = logging.getLogger(__name__)

INEXACT_NUMBERS = (
    f'strict $.** ? (@.type() == "number" && (@ > {INTEGER_MAX} || @ < -{INTEGER_MAX}))'  # in jsonpath
)
TOO_DEEP = f"strict $.**{{{JSON_DEPTH_MAX} to last}}"
UNREADABLE = "(not readable: it exceeds the bounds of JSON values)"
"""What stands for a JSON value that Python cannot read. It is no object, so whoever needs one refuses it."""


class TransactionIdField(models.Field):
    """PostgreSQL's ``xid8``: the database transaction that inserted a row. Read and written as text."""

    def db_type(self, connection: Any) -> str:
        """The column type."""
        return "xid8"


class ByteMultirangeField(models.Field):
    """PostgreSQL's ``int8multirange``: parts of a file, by the positions of their bytes. Written and compared in SQL."""

    def db_type(self, connection: Any) -> str:
        """The column type."""
        return "int8multirange"


class MinorField(models.BigIntegerField):
    """An amount in minor units. A check of the column holds it within ``amounts.TOTAL_MINOR_MAX`` on either side."""

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        return f"{connection.ops.quote_name(self.column)} BETWEEN -{TOTAL_MINOR_MAX} AND {TOTAL_MINOR_MAX}"


class _UpTo(models.BigIntegerField):
    """A whole number from 0 to ``highest``, which a check of the column holds."""

    highest: int

    def db_type(self, connection: Any) -> str:
        """The column type."""
        return "integer"

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        return f"{connection.ops.quote_name(self.column)} BETWEEN 0 AND {self.highest}"


class CountField(_UpTo):
    """A count that somebody states, up to ``bounds.COUNT_MAX``."""

    highest = COUNT_MAX


class DaysField(_UpTo):
    """A time in days, up to ``bounds.DAYS_MAX``."""

    highest = DAYS_MAX


class MonthsField(_UpTo):
    """A time in months, up to ``bounds.MONTHS_MAX``."""

    highest = MONTHS_MAX


class RateField(_UpTo):
    """A rate in basis points, up to ``bounds.RATE_BP_MAX``."""

    highest = RATE_BP_MAX


class AttemptsField(_UpTo):
    """A number of attempts, up to ``bounds.ATTEMPTS_CEILING``."""

    highest = ATTEMPTS_CEILING


class MomentField(models.DateTimeField):
    """A moment in the years ``bounds.YEAR_MIN`` to ``bounds.YEAR_MAX``, in UTC, which a check of the column holds."""

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        column = connection.ops.quote_name(self.column)
        return f"{column} >= '{YEAR_MIN}-01-01 00:00:00+00' AND {column} < '{YEAR_MAX + 1}-01-01 00:00:00+00'"


class DayField(models.DateField):
    """A day in the years ``bounds.YEAR_MIN`` to ``bounds.YEAR_MAX``, which a check of the column holds."""

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        column = connection.ops.quote_name(self.column)
        return f"{column} >= '{YEAR_MIN}-01-01' AND {column} < '{YEAR_MAX + 1}-01-01'"


class BoundedJSONField(models.JSONField):
    """A JSON value within ``bounds.INTEGER_MAX``, ``JSON_BYTES_MAX`` and ``JSON_DEPTH_MAX``, which a check of the column holds.

    A value beyond them, forced in by the owner of the table, is read as ``UNREADABLE`` if Python cannot read it.
    """

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        column = connection.ops.quote_name(self.column)
        return (
            f"octet_length({column}::text) <= {JSON_BYTES_MAX} AND NOT jsonb_path_exists({column}, '{TOO_DEEP}')"
            f" AND NOT jsonb_path_exists({column}, '{INEXACT_NUMBERS}')"
        )

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The value in Python."""
        try:
            return super().from_db_value(value, expression, connection)
        except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of nestings
            logger.exception("a value of %s cannot be read", self)
            return UNREADABLE


class BilingualTextField(BoundedJSONField):
    """A text in both languages, ``{"ja": …, "en": …}``, which a check of the column holds."""

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        column = connection.ops.quote_name(self.column)
        both = (
            f"coalesce(jsonb_typeof({column} -> '{language}'), '') = 'string'" for language in ("ja", "en")
        )
        return " AND ".join((super().db_check(connection), *both))
