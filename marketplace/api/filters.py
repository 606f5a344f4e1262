"""Filtering of lists: only by declared filters; an unknown one is refused, because ignoring it would show all rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db import models
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import (
    DateFilter,
    DjangoFilterBackend,
    Filter,
    FilterSet,
    IsoDateTimeFilter,
    NumberFilter,
)
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from marketplace.kernel.amounts import TOTAL_MINOR_MAX
from marketplace.kernel.bounds import INTEGER_MAX
from marketplace.kernel.labels import Label

from .serializers import NO_ZONE, NOT_ASCII, WITH_ZONE

PAGING = frozenset({"cursor", "page_size"})
UNKNOWN = Label(
    "Unknown filter. Known filters: {known}.", "この絞り込み条件は使えません。指定できる条件: {known}"
)


DIGITS = (NumberFilter, DateFilter, IsoDateTimeFilter)


class WholeNumberFilter(NumberFilter):
    """A filter by a whole number from 0 to ``highest``.

    A decimal number would accept exponents, and an integer of a million digits keeps the process from all other work.
    """

    field_class = forms.IntegerField
    highest = INTEGER_MAX

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Bound the number; the other arguments are those of a filter."""
        super().__init__(*args, min_value=0, max_value=self.highest, **kwargs)


class AmountFilter(WholeNumberFilter):
    """A filter by a whole amount in minor units, from 0 to ``TOTAL_MINOR_MAX``."""

    highest = TOTAL_MINOR_MAX


class _InstantFormField(IsoDateTimeField):
    def to_python(self, value: Any) -> datetime | None:
        """The moment; raises ValidationError for one without a zone."""
        try:
            parsed = parse_datetime(value.strip()) if isinstance(value, str) else None
        except ValueError:
            parsed = None
        if parsed is not None and parsed.tzinfo is None:
            raise forms.ValidationError(NO_ZONE.localized(), "no_zone")
        moment: datetime | None = super().to_python(value)
        return moment


class InstantFilter(IsoDateTimeFilter):
    """A filter by a date and time with its zone; one without is refused, as ``InstantField`` does."""

    field_class = _InstantFormField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The description says that a zone is needed; the arguments are those of a filter."""
        super().__init__(*args, **{"help_text": WITH_ZONE} | kwargs)


class AskedFilterSet(FilterSet):
    """Filters of which a request pays for those alone that it names: each is copied and becomes a field of a form."""

    FILTER_DEFAULTS = FilterSet.FILTER_DEFAULTS | {
        kind: {"filter_class": WholeNumberFilter}
        for kind in FilterSet.FILTER_DEFAULTS
        if issubclass(kind, models.IntegerField)
    }
    base_filters: dict[str, Filter]

    def __init__(self, data: Any = None, *arguments: Any, **options: Any) -> None:
        """``data``: the query parameters; the other arguments are those of a filter set."""
        self.base_filters = {name: each for name, each in self.base_filters.items() if name in (data or ())}
        super().__init__(data, *arguments, **options)


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter that refuses unknown query parameters by name."""

    filterset_base = AskedFilterSet

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """The filtered rows; raises ValidationError, which names each unknown parameter."""
        filterset = self.get_filterset_class(view, queryset)
        known = set(filterset.base_filters) if filterset else set()
        if view.action == "list":
            refuse_unknown(request, known)
        if filterset is None or known.isdisjoint(request.query_params):
            return queryset
        refuse_digits(request, filterset.base_filters)
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


def refuse_digits(request: Request, filters: dict[str, Filter]) -> None:
    """Raise ValidationError for numbers, days and moments whose digits are not ASCII, which Python takes and people misread."""
    asked = sorted(name for name in request.query_params if isinstance(filters.get(name), DIGITS))
    wrong = [name for name in asked if not all(map(str.isascii, request.query_params.getlist(name)))]
    if wrong:
        raise ValidationError({name: [ErrorDetail(NOT_ASCII.localized(), "invalid")] for name in wrong})


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Raise ValidationError for query parameters that are neither ``known`` nor paging."""
    unknown = sorted(set(request.query_params) - known - PAGING)
    if unknown:
        message = UNKNOWN.fill({"known": ", ".join(sorted(known | PAGING))}).localized()
        raise ValidationError({name: [ErrorDetail(message, "unknown_filter")] for name in unknown})
