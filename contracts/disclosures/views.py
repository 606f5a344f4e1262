"""The API of disclosures."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command
from marketplace.kernel.permissions import Permission

from .. import queries, services
from .models import DISCLOSING, MessageDisclosure
from .serializers import DisclosureSerializer


class DisclosureViewSet(MarketReadViewSet[MessageDisclosure]):
    """Disclosures of the messages of the caller's negotiations; staff reads those of participants that it has opened.

    Disclose the messages with the ``disclosures`` command of the negotiation.
    """

    reads = Permission.MARKET_READ
    serializer_class = DisclosureSerializer
    queryset = MessageDisclosure.objects.none()
    filterset_fields = ("reference",)

    def get_queryset(self) -> QuerySet[MessageDisclosure]:
        """Rows in the caller's scope."""
        return queries.visible_disclosures(self.actor)

    @command(summary="Revoke a disclosure", needs=DISCLOSING, response=DisclosureSerializer)
    def revoke(self, data: dict[str, Any], public_id: str) -> MessageDisclosure:
        """Take your organisation's consent back at once."""
        return services.revoke_disclosure(actor=self.actor, disclosure=public_id)
