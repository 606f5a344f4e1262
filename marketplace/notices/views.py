"""The inbox over HTTP: what the caller's organisation is asked to do and was told."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command

from . import queries, services
from .filters import NoticeFilter, TaskFilter
from .models import Notice, Task
from .serializers import NoticeSerializer, TaskSerializer


class TaskViewSet(MarketReadViewSet[Task]):
    """Tasks of the caller's organisation. They open and close as things happen; nobody ticks them off."""

    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    queryset = Task.objects.none()

    def get_queryset(self) -> QuerySet[Task]:
        """The caller's own."""
        return queries.tasks_of(self.actor)


class NoticeViewSet(MarketReadViewSet[Notice]):
    """Notices to the caller's organisation."""

    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        """The caller's own."""
        return queries.notices_of(self.actor)

    @command(summary="Mark a notice as read", response=NoticeSerializer)
    def read(self, data: dict[str, Any], public_id: str) -> Notice:
        """Note that it was read; doing so again changes nothing."""
        return services.mark_read(actor=self.actor, notice=public_id)
