"""Cycles for everybody, positions for whose they are."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.permissions import SAFE_METHODS, AllowAny

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet, command, create_command

from .. import queries, services
from ..filters import PositionFilter
from ..models import Cycle, NetPosition
from ..serializers import CycleSerializer, OpenCycleSerializer, PositionSerializer


class CycleViewSet(MarketReadViewSet[Cycle]):
    """Clearing cycles: what each came to, and the hashes by which anybody can tell that it never changed."""

    serializer_class = CycleSerializer
    filterset_fields = ("currency", "state", "business_key")
    queryset = Cycle.objects.all()

    def get_permissions(self) -> list[Any]:
        """Reading is public, commands are the operator's."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else [IsOperator()]

    def get_queryset(self) -> QuerySet[Cycle]:
        """Every cycle."""
        return queries.visible_cycles()

    @create_command(
        summary="Begin clearing in a currency",
        request=OpenCycleSerializer,
        response=CycleSerializer,
        example={"currency": "JPY"},
    )
    def create(self, data: dict[str, Any]) -> Cycle:
        """Open the market's accounts and the first cycle (operator)."""
        return services.open_first_cycle(actor=self.actor, currency=data["currency"])

    @command(summary="Cut off a cycle", response=CycleSerializer)
    def close(self, data: dict[str, Any], public_id: str) -> Cycle:
        """Close the cycle and open the next one; workers do the rest (operator)."""
        return services.close_cycle(actor=self.actor, cycle=public_id)


class PositionViewSet(MarketReadViewSet[NetPosition]):
    """What cycles came to for the caller's organisation; for every one, if it is the operator."""

    serializer_class = PositionSerializer
    filterset_class = PositionFilter
    queryset = NetPosition.objects.none()

    def get_queryset(self) -> QuerySet[NetPosition]:
        """What the caller may see."""
        return queries.visible_positions(self.actor)
