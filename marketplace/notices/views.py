"""The API of tasks and notices."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command

from . import queries, services
from .filters import NoticeFilter, TaskFilter
from .models import Notice, Task
from .serializers import NoticeSerializer, TaskSerializer


class TaskViewSet(MarketReadViewSet[Task]):
    """Tasks of the caller's organisation. Events open and close them; they cannot be closed by hand."""

    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    queryset = Task.objects.none()

    def get_queryset(self) -> QuerySet[Task]:
        """The tasks of the caller's organisation."""
        return queries.tasks_of(self.actor)


class NoticeViewSet(MarketReadViewSet[Notice]):
    """Notices to the caller's organisation."""

    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        """The notices to the caller's organisation."""
        return queries.notices_of(self.actor)

    @command(summary="Mark a notice as read", response=NoticeSerializer)
    def read(self, data: dict[str, Any], public_id: str) -> Notice:
        """Mark the notice as read. Idempotent."""
        return services.mark_read(actor=self.actor, notice=public_id)
