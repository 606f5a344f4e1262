"""The event machinery over HTTP, for the operator."""

from __future__ import annotations

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet, command

from . import services
from .models import InboxEntry, OutboxEvent
from .serializers import InboxEntrySerializer, OutboxEventSerializer


class OutboxEventViewSet(MarketReadViewSet[OutboxEvent]):
    """Every event of the market, in the shape it was emitted."""

    serializer_class = OutboxEventSerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("type", "subject")
    queryset = OutboxEvent.objects.all()


class InboxEntryViewSet(MarketReadViewSet[InboxEntry]):
    """What waits to be handled, and what is parked and needs a person."""

    serializer_class = InboxEntrySerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("state", "subscriber", "subject")
    queryset = InboxEntry.objects.select_related("event")
    lookup_field = "pk"

    @command(summary="Try a parked event again", response=InboxEntrySerializer)
    def retry(self, data: dict[str, object], entry: str) -> InboxEntry:
        """Put a parked entry back in line once its cause is repaired."""
        subject = self.get_object()
        services.retry_parked(entry_id=subject.pk)
        subject.refresh_from_db()
        return subject
