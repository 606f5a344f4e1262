"""The events API, for the operator."""

from __future__ import annotations

from marketplace.api.views import MarketReadViewSet
from marketplace.kernel.permissions import Permission

from .models import InboxEntry, OutboxEvent
from .serializers import InboxEntrySerializer, OutboxEventSerializer


class OutboxEventViewSet(MarketReadViewSet[OutboxEvent]):
    """All events of the market, as emitted."""

    reads = Permission.OPERATOR_READ
    serializer_class = OutboxEventSerializer
    filterset_fields = ("type", "subject")
    queryset = OutboxEvent.objects.all()


class InboxEntryViewSet(MarketReadViewSet[InboxEntry]):
    """Inbox entries: each is one event for one handler. ``notices`` adds the operator's retry, ``clearing.approvals`` the rest."""

    reads = Permission.OPERATOR_READ
    serializer_class = InboxEntrySerializer
    filterset_fields = ("state", "subscriber", "handler", "subject")
    queryset = InboxEntry.objects.select_related("event")
    lookup_field = "pk"
