"""Filters of tasks and notices."""

from __future__ import annotations

from django_filters import rest_framework as filters

from marketplace.kernel.models import AsideRow

from .models import Notice, Task
from .states import TaskKind, TaskState


class TaskFilter(filters.FilterSet):
    """Filters by kind, state and subject."""

    kind = filters.ChoiceFilter(choices=TaskKind.choices)
    state = filters.ChoiceFilter(choices=TaskState.choices)
    subject = filters.CharFilter()

    class Meta:
        model = Task
        fields = ("kind", "state", "subject")


class NoticeFilter(filters.FilterSet):
    """Filters by unread and subject."""

    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")
    subject = filters.CharFilter()

    class Meta:
        model = Notice
        fields = ("unread", "subject")


class AsideRowFilter(filters.FilterSet):
    """By loop and subject, and whether it was processed after all."""

    ended = filters.BooleanFilter(field_name="ended_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = AsideRow
        fields = ("loop", "subject")
