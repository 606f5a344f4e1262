"""Model fields for column types that Django does not support."""

from __future__ import annotations

from typing import Any

from django.db import models


class TransactionIdField(models.Field):
    """PostgreSQL's ``xid8``: the database transaction that inserted a row. Read and written as text."""

    def db_type(self, connection: Any) -> str:
        """The column type."""
        return "xid8"
