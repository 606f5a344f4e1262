"""Trades, as the parties see them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.views import PROBLEMS, MarketReadViewSet

from .. import queries
from ..filters import TradeFilter
from ..models import Trade
from ..serializers import TradeProofSerializer, TradeSerializer


class TradeViewSet(MarketReadViewSet[Trade]):
    """Trades that the caller is buyer or seller of; every one, for the operator. Nothing here can be written."""

    serializer_class = TradeSerializer
    filterset_class = TradeFilter
    queryset = Trade.objects.none()

    def get_queryset(self) -> QuerySet[Trade]:
        """What the caller may see."""
        return queries.visible_trades(self.actor)

    @extend_schema(
        summary="Prove that a trade is in its cycle", responses={200: TradeProofSerializer, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def proof(self, request: Request, **_: Any) -> Response:
        """The trade's line and the path of hashes from it to the cycle's public Merkle root."""
        return Response(TradeProofSerializer(queries.trade_proof(self.get_object())).data)


class TradingNeutralityView(APIView):
    """How neutral trading is."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(summary="Read how neutral trading is", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Trades of the operator's group (0), concentration of sellers, and fees by segment."""
        return Response(queries.neutrality())
