"""Trades and their invoices, as the parties see them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import IsOperator
from marketplace.api.renderers import AsAddressed, PdfRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command

from .. import queries, services
from ..filters import InvoiceFilter, TradeFilter
from ..models import Invoice, Obligation, Trade
from ..serializers import (
    InvoiceSerializer,
    ObligationSerializer,
    PenaltySerializer,
    RefundSerializer,
    TradeProofSerializer,
    TradeSerializer,
)

LANGUAGE = OpenApiParameter(
    name="language", type=OpenApiTypes.STR, enum=["ja", "en"], description="Japanese unless said otherwise."
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


class InvoiceViewSet(MarketReadViewSet[Invoice]):
    """Invoices that the caller issued or received; every one, for the operator."""

    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    queryset = Invoice.objects.none()

    def get_queryset(self) -> QuerySet[Invoice]:
        """What the caller may see."""
        return queries.visible_invoices(self.actor)

    @extend_schema(
        summary="Read an invoice as PDF",
        parameters=[LANGUAGE],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="document.pdf",
        url_name="pdf",
        filterset_class=None,
        renderer_classes=[PdfRenderer],
        content_negotiation_class=AsAddressed,
    )
    def document_pdf(self, request: Request, **_: Any) -> Response:
        """The invoice as it was issued, as PDF/A."""
        invoice = self.get_object()
        language: Any = request.query_params.get("language", "ja")
        content = queries.invoice_pdf(invoice, language)
        name = f"{invoice.number}.{language}.pdf"
        return Response(
            content,
            headers={"Content-Disposition": f'inline; filename="{name}"', "Content-Language": language},
        )


class TradingNeutralityView(APIView):
    """How neutral trading is."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(summary="Read how neutral trading is", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Trades of the operator's group (0), concentration of sellers, and fees by segment."""
        return Response(queries.neutrality())
