"""The API of suspensions."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet
from marketplace.kernel.permissions import Permission

from .models import Suspension
from .suspension_queries import visible_suspensions
from .suspension_serializers import SuspensionSerializer


class SuspensionViewSet(MarketReadViewSet[Suspension]):
    """Suspensions of the caller's organisation, with those that ended; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = SuspensionSerializer
    filterset_fields = ("kind",)
    queryset = Suspension.objects.none()

    def get_queryset(self) -> QuerySet[Suspension]:
        """Rows in the caller's scope."""
        return visible_suspensions(self.actor)
