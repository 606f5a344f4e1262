"""How participants' money is safeguarded: the regime for everybody, the daily checks for the operator."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.permissions import SAFE_METHODS, AllowAny

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet, create_command

from .. import queries, services
from ..filters import SegregationCheckFilter
from ..models import FundsRegime, SegregationCheck
from ..serializers import DeclareFundsRegimeSerializer, FundsRegimeSerializer, SegregationCheckSerializer

REGIME_EXAMPLE = {
    "currency": "JPY",
    "regime": "agency_receipt",
    "legal_reference": "利用規約第12条（代理受領）",
    "balance_cap_minor": 10000000,
    "idle_days": 5,
}


class FundsRegimeViewSet(MarketReadViewSet[FundsRegime]):
    """By what right the market holds participants' money, now, before and later on."""

    serializer_class = FundsRegimeSerializer
    filterset_fields = ("currency", "regime")
    queryset = FundsRegime.objects.all()

    def get_permissions(self) -> list[Any]:
        """Reading is public, declaring is the operator's."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else [IsOperator()]

    def get_queryset(self) -> QuerySet[FundsRegime]:
        """Every declaration."""
        return queries.visible_regimes()

    @create_command(
        summary="Declare the funds regime",
        request=DeclareFundsRegimeSerializer,
        response=FundsRegimeSerializer,
        example=REGIME_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> FundsRegime:
        """In force from the moment stated, at once without one; the newest that is effective counts (operator)."""
        return services.declare_funds_regime(actor=self.actor, **data)


class SegregationCheckViewSet(MarketReadViewSet[SegregationCheck]):
    """Daily checks that clients' money is what is owed to them (operator)."""

    serializer_class = SegregationCheckSerializer
    permission_classes = (IsOperator,)
    filterset_class = SegregationCheckFilter
    queryset = SegregationCheck.objects.all()

    def get_queryset(self) -> QuerySet[SegregationCheck]:
        """Every check."""
        return queries.segregation_checks()
