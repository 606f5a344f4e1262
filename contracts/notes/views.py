"""The API of private notes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from marketplace.api.filters import AskedFilterSet
from marketplace.api.views import MarketReadViewSet, create_command
from marketplace.kernel.permissions import Permission

from .. import services
from .models import NOTING, PrivateNote
from .queries import visible_notes
from .serializers import PrivateNoteSerializer, WriteNoteSerializer


class PrivateNoteFilter(AskedFilterSet):
    """Filters by negotiation."""

    negotiation = filters.CharFilter(field_name="negotiation__public_id")

    class Meta:
        model = PrivateNote
        fields = ("negotiation",)


class PrivateNoteViewSet(MarketReadViewSet[PrivateNote]):
    """Private notes of the caller's organisation on its negotiations. The other party never reads them."""

    reads = Permission.MARKET_READ
    serializer_class = PrivateNoteSerializer
    queryset = PrivateNote.objects.none()
    filterset_class = PrivateNoteFilter

    def get_queryset(self) -> QuerySet[PrivateNote]:
        """Rows in the caller's scope."""
        return visible_notes(self.actor)

    @create_command(
        summary="Write a private note",
        needs=NOTING,
        request=WriteNoteSerializer,
        response=PrivateNoteSerializer,
        example={
            "negotiation": "ngt_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "text": "上限は9万円。購買部の承認待ち。",
        },
    )
    def create(self, data: dict[str, Any]) -> PrivateNote:
        """Keep a note on a negotiation for your own organisation. It cannot be changed or taken back."""
        return services.write_note(actor=self.actor, **data)
