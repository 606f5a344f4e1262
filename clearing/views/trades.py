"""Trades as their parties see them, and corrections of those that were accepted."""

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

from marketplace.api.permissions import IsOperator
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command

from .. import queries, services
from ..filters import TradeFilter
from ..models import Obligation, Trade
from ..serializers import (
    ObligationSerializer,
    PenaltySerializer,
    RefundSerializer,
    TradeProofSerializer,
    TradeSerializer,
)


class TradeViewSet(MarketReadViewSet[Trade]):
    """Trades that the caller is buyer or seller of; every one, for the operator. The operator may correct."""

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

    @command(
        summary="Give the price of an accepted trade back",
        request=RefundSerializer,
        response=ObligationSerializer,
        permissions=(IsOperator,),
        status=201,
        example={"amount_minor": 5000, "reason": "Half of the readings were missing."},
    )
    def refund(self, data: dict[str, Any], public_id: str) -> Obligation:
        """The seller owes the buyer a part of the price, or all that is left of it, with its tax (operator)."""
        return services.refund_trade(actor=self.actor, trade=public_id, **data)

    @command(
        summary="Order a penalty",
        request=PenaltySerializer,
        response=ObligationSerializer,
        permissions=(IsOperator,),
        status=201,
        example={
            "debtor": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "amount_minor": 10000,
            "reason": "Delivered nine days late, clause 7.",
        },
    )
    def penalty(self, data: dict[str, Any], public_id: str) -> Obligation:
        """One party of an accepted trade owes the other a penalty, which carries no tax (operator)."""
        return services.penalise_trade(actor=self.actor, trade=public_id, **data)


class TradingNeutralityView(APIView):
    """How neutral trading is."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(summary="Read how neutral trading is", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Trades of the operator's group (0), concentration of sellers, and fees by segment."""
        return Response(queries.neutrality())
