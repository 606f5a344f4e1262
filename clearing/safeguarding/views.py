"""Route of the daily segregation checks."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet

from .filters import SegregationCheckFilter
from .models import SegregationCheck
from .queries import segregation_checks
from .serializers import SegregationCheckSerializer


class SegregationCheckViewSet(MarketReadViewSet[SegregationCheck]):
    """Daily checks that clients' money is what is owed to them (operator)."""

    serializer_class = SegregationCheckSerializer
    permission_classes = (IsOperator,)
    filterset_class = SegregationCheckFilter
    queryset = SegregationCheck.objects.all()

    def get_queryset(self) -> QuerySet[SegregationCheck]:
        """Every check."""
        return segregation_checks()
