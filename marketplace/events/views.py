"""The events API, for the operator."""

from __future__ import annotations

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet

from .models import InboxEntry, OutboxEvent
from .serializers import InboxEntrySerializer, OutboxEventSerializer


class OutboxEventViewSet(MarketReadViewSet[OutboxEvent]):
    """All events of the market, as emitted."""

    serializer_class = OutboxEventSerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("type", "subject")
    queryset = OutboxEvent.objects.all()


class InboxEntryViewSet(MarketReadViewSet[InboxEntry]):
    """Inbox entries: each is one event for one handler. ``notices`` adds the operator's retry, ``clearing.approvals`` the rest."""

    serializer_class = InboxEntrySerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("state", "subscriber", "handler", "subject")
    queryset = InboxEntry.objects.select_related("event")
    lookup_field = "pk"
