"""Model fields: amounts, counts, times and rates with their ceilings, and column types that Django does not support."""

from __future__ import annotations

from typing import Any

from django.db import models

from .amounts import TOTAL_MINOR_MAX
from .bounds import COUNT_MAX, DAYS_MAX, MONTHS_MAX, RATE_BP_MAX


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
