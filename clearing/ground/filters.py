"""Filter by an organisation's public identifier."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from marketplace.participants.queries import organisations_by_public_id


class PartyFilter(filters.CharFilter):
    """Rows that name an organisation, by its public identifier, in one of the given key columns."""

    def __init__(self, *columns: str) -> None:
        """``columns``: names of key columns, such as ``buyer_id``."""
        self.columns = columns
        super().__init__()

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep matching rows; an unknown identifier matches none."""
        if not value:
            return rows
        found = organisations_by_public_id([value])
        key = found[value].id if value in found else 0
        wanted = Q()
        for column in self.columns:
            wanted |= Q(**{column: key})
        return rows.filter(wanted)
