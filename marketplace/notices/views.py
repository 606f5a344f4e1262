"""The API of tasks and notices, and of the repair of parked events."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command
from marketplace.events.models import InboxEntry
from marketplace.events.serializers import InboxEntrySerializer
from marketplace.events.views import InboxEntryViewSet
from marketplace.kernel.models import AsideRow
from marketplace.kernel.permissions import Permission

from . import pipe, queries, services
from .filters import AsideRowFilter, NoticeFilter, TaskFilter
from .models import Notice, Task
from .serializers import AsideRowSerializer, NoticeSerializer, TaskSerializer


class TaskViewSet(MarketReadViewSet[Task]):
    """Tasks of the caller's organisation. Events open and close them; they cannot be closed by hand."""

    reads = Permission.MARKET_READ
    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    queryset = Task.objects.none()

    def get_queryset(self) -> QuerySet[Task]:
        """The tasks of the caller's organisation."""
        return queries.tasks_of(self.actor)


class NoticeViewSet(MarketReadViewSet[Notice]):
    """Notices to the caller's organisation."""

    reads = Permission.MARKET_READ
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        """The notices to the caller's organisation."""
        return queries.notices_of(self.actor)

    @command(summary="Mark a notice as read", needs=Permission.NOTICES_WRITE, response=NoticeSerializer)
    def read(self, data: dict[str, Any], public_id: str) -> Notice:
        """Mark the notice as read. Idempotent."""
        return services.mark_read(actor=self.actor, notice=public_id)


class RepairableEntryViewSet(InboxEntryViewSet):
    """Inbox entries: each is one event for one handler. The routes are those of ``clearing.approvals``, which gives up too."""

    @command(
        summary="Retry a parked inbox entry",
        needs=Permission.SUPPORT_WRITE,
        response=InboxEntrySerializer,
    )
    def retry(self, data: dict[str, Any], entry: str) -> InboxEntry:
        """Set a parked entry to pending again, after the cause is repaired."""
        subject = self.get_object()
        pipe.retry_parked_event(actor=self.actor, entry_id=subject.pk)
        subject.refresh_from_db()
        return subject


class AsideRowViewSet(MarketReadViewSet[AsideRow]):
    """Rows that a loop could not process; the operator's tasks name those that stand aside."""

    reads = Permission.OPERATOR_READ
    serializer_class = AsideRowSerializer
    filterset_class = AsideRowFilter
    queryset = AsideRow.objects.all()

    @command(
        summary="Retry a row that stands aside",
        needs=Permission.SUPPORT_WRITE,
        response=AsideRowSerializer,
    )
    def retry(self, data: dict[str, Any], public_id: str) -> AsideRow:
        """Let its loop try it at the next run; one that nobody tries again is done with (operator)."""
        return pipe.retry_aside_row(actor=self.actor, row=public_id)
