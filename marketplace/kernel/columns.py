"""Model fields: amounts, and column types that Django does not support."""

from __future__ import annotations

from typing import Any

from django.db import models

from .amounts import TOTAL_MINOR_MAX


class TransactionIdField(models.Field):
    """PostgreSQL's ``xid8``: the database transaction that inserted a row. Read and written as text."""

    def db_type(self, connection: Any) -> str:
        """The column type."""
        return "xid8"


class MinorField(models.BigIntegerField):
    """An amount in minor units. A check of the column holds it within ``amounts.TOTAL_MINOR_MAX`` on either side."""

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        return f"{connection.ops.quote_name(self.column)} BETWEEN -{TOTAL_MINOR_MAX} AND {TOTAL_MINOR_MAX}"
