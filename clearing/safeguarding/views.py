"""Route of the segregation checks."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet
from marketplace.kernel.permissions import Permission

from .filters import SegregationCheckFilter
from .models import SegregationCheck
from .queries import segregation_checks
from .serializers import SegregationCheckSerializer


class SegregationCheckViewSet(MarketReadViewSet[SegregationCheck]):
    """Daily checks that client money equals what is owed to clients (operator)."""

    serializer_class = SegregationCheckSerializer
    reads = Permission.CLEARING_READ
    filterset_class = SegregationCheckFilter
    queryset = SegregationCheck.objects.all()

    def get_queryset(self) -> QuerySet[SegregationCheck]:
        """All checks."""
        return segregation_checks()
