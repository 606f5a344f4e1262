"""Narrowing lists: by the declared filters only, since a filter that is not known would silently show everything."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from marketplace.kernel.labels import Label

PAGING = frozenset({"cursor", "page_size"})
UNKNOWN = Label(
    "This filter does not exist here; known: {known}.", "この絞り込みはありません。使えるもの: {known}"
)


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter, refusing by name what a list does not know."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """The rows that the caller asked for; raises ValidationError naming each unknown parameter."""
        filterset = self.get_filterset_class(view, queryset)
        known = set(filterset.base_filters) if filterset else set()
        if view.action == "list":
            refuse_unknown(request, known)
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Raise ValidationError for query parameters that are neither ``known`` nor paging."""
    unknown = sorted(set(request.query_params) - known - PAGING)
    if unknown:
        message = UNKNOWN.fill({"known": ", ".join(sorted(known | PAGING))}).localized()
        raise ValidationError({name: [ErrorDetail(message, "unknown_filter")] for name in unknown})
