"""The events API, for the operator."""

from __future__ import annotations

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet, command

from . import services
from .models import InboxEntry, OutboxEvent
from .serializers import InboxEntrySerializer, OutboxEventSerializer


class OutboxEventViewSet(MarketReadViewSet[OutboxEvent]):
    """All events of the market, as emitted."""

    serializer_class = OutboxEventSerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("type", "subject")
    queryset = OutboxEvent.objects.all()


class InboxEntryViewSet(MarketReadViewSet[InboxEntry]):
    """Inbox entries: each is one event for one handler. The operator retries parked entries."""

    serializer_class = InboxEntrySerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("state", "subscriber", "subject")
    queryset = InboxEntry.objects.select_related("event")
    lookup_field = "pk"

    @command(summary="Retry a parked inbox entry", response=InboxEntrySerializer)
    def retry(self, data: dict[str, object], entry: str) -> InboxEntry:
        """Set a parked entry to pending again, after the cause is repaired."""
        subject = self.get_object()
        services.retry_parked(entry_id=subject.pk)
        subject.refresh_from_db()
        return subject
