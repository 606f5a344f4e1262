"""Routes of trades and obligations."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contracts.disputing.queries import visible_disputes
from contracts.disputing.serializers import DisputeSerializer, ResolveDisputeSerializer
from contracts.models import Adjustment, Agreement, Dispute
from contracts.serializers import (
    AdjustmentSerializer,
    AdjustPriceSerializer,
)
from marketplace.api.permissions import PUBLIC, MayCall
from marketplace.api.principal import actor_of, reader_of
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission

from .exposures import EXPOSURE_LABELS, guarantee_exposures, total_exposures
from .filters import ObligationFilter, TradeFilter
from .models import Obligation, Trade
from .neutrality import NEUTRALITY, neutrality
from .obligation_reference import parse_obligation_reference
from .queries import visible_obligations, visible_supply_statements, visible_trades
from .serializers import (
    ClawBackSerializer,
    ExposuresSerializer,
    GiveUpBillSerializer,
    ObligationSerializer,
    PenaltySerializer,
    RefundSerializer,
    ReverseSerializer,
    SecureTradeSerializer,
    StateSupplySerializer,
    SupplyStatementSerializer,
    TradeSerializer,
)
from .services.corrections import penalise_trade, refund_trade, reverse_obligation
from .services.endings import give_up_bill
from .services.orders import order_adjustment, order_resolution
from .services.shares import claw_back_share
from .services.supplies import state_supply
from .services.trades import secure_trade
from .supply_models import SupplyStatement


class TradeViewSet(MarketReadViewSet[Trade]):
    """Trades of which the caller is buyer or seller; all trades for the operator, who may correct them."""

    serializer_class = TradeSerializer
    reads = Permission.MARKET_READ
    filterset_class = TradeFilter
    queryset = Trade.objects.none()

    def get_queryset(self) -> QuerySet[Trade]:
        """Trades that the caller may see."""
        return visible_trades(self.actor)

    @command(
        summary="Secure a trade by a guarantee",
        needs=Permission.NEGOTIATIONS_SETTLE,
        request=SecureTradeSerializer,
        response=TradeSerializer,
        example={"guarantee": "gua_01JABCDEFGHJKMNPQRSTVWXYZ0"},
        moves_money=True,
    )
    def secure(self, data: dict[str, Any], public_id: str) -> Trade:
        """The caller's guarantee secures what its available money lacks; access follows (buyer)."""
        secured = secure_trade(actor=self.actor, trade=public_id, guarantee=data["guarantee"])
        return self.get_queryset().get(pk=secured.pk)

    @command(
        summary="Give up an unpaid bill",
        needs=Permission.CLEARING_WRITE,
        request=GiveUpBillSerializer,
        response=TradeSerializer,
        example={"reason": "保証人が支払を拒絶し、利用者も支払わないため"},
        moves_money=True,
    )
    def give_up_bill(self, data: dict[str, Any], public_id: str) -> Trade:
        """Two people end a trade that nobody pays after its due day: access ends, its guarantee is released (operator)."""
        ended = give_up_bill(actor=self.actor, trade=public_id, **data)
        return self.get_queryset().get(pk=ended.pk)

    @command(
        summary="Refund the price of an accepted trade",
        needs=Permission.CLEARING_WRITE,
        request=RefundSerializer,
        response=ObligationSerializer,
        status=201,
        example={"amount_minor": 5000, "reason": "Half of the readings were missing."},
        moves_money=True,
    )
    def refund(self, data: dict[str, Any], public_id: str) -> Obligation:
        """The seller owes the buyer a part of the price, or all that remains of it, with its tax (operator)."""
        return refund_trade(actor=self.actor, trade=public_id, **data)

    @command(
        summary="Order a penalty",
        needs=Permission.CLEARING_WRITE,
        request=PenaltySerializer,
        response=ObligationSerializer,
        status=201,
        example={
            "debtor": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "amount_minor": 10000,
            "reason": "Delivered nine days late, clause 7.",
        },
        moves_money=True,
    )
    def penalty(self, data: dict[str, Any], public_id: str) -> Obligation:
        """One party of an accepted trade owes the other a penalty, which carries no tax (operator)."""
        return penalise_trade(actor=self.actor, trade=public_id, **data)

    @command(
        summary="Claw back a beneficiary's share",
        needs=Permission.CLEARING_WRITE,
        request=ClawBackSerializer,
        response=ObligationSerializer,
        path="claw-back",
        status=201,
        example={
            "beneficiary": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "amount_minor": 500,
            "reason": "Half of the price was refunded.",
        },
        moves_money=True,
    )
    def claw_back(self, data: dict[str, Any], public_id: str) -> Obligation:
        """A beneficiary owes the seller its part of a price that was given back, without tax (operator)."""
        return claw_back_share(actor=self.actor, trade=public_id, **data)


class AgreementPriceViewSet(viewsets.GenericViewSet[Agreement]):
    """The command on an agreement that moves money; contracts shows the agreement itself."""

    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    queryset = Agreement.objects.none()
    permission_classes = (MayCall,)

    @command(
        summary="Adjust the price",
        needs=Permission.DISPUTES_WRITE,
        request=AdjustPriceSerializer,
        response=AdjustmentSerializer,
        path="adjust-price",
        example={
            "debtor": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "amount_minor": 12000,
            "reason": "41件の座標が古いものでした。",
        },
        moves_money=True,
    )
    def adjust_price(self, data: dict[str, Any], public_id: str) -> Adjustment:
        """Order one party to pay the other, within what remains of the trade; a large amount by two people (operator)."""
        return order_adjustment(actor=actor_of(self.request), agreement=public_id, **data)


class DisputeResolutionViewSet(viewsets.GenericViewSet[Dispute]):
    """The command on a dispute that moves money; contracts shows the dispute itself."""

    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    queryset = Dispute.objects.none()
    permission_classes = (MayCall,)

    @command(
        summary="Resolve a dispute",
        needs=Permission.DISPUTES_WRITE,
        request=ResolveDisputeSerializer,
        response=DisputeSerializer,
        example={"outcome": "redelivery", "reason": "12月分が欠落していることを確認しました。"},
        moves_money=True,
    )
    def resolve(self, data: dict[str, Any], public_id: str) -> Dispute:
        """Decide the dispute, as its mediator (operator): dismiss it, or say its outcome, which is carried out; a large one by two people."""
        actor = actor_of(self.request)
        return visible_disputes(actor).get(pk=order_resolution(actor=actor, dispute=public_id, **data).pk)


class TradingNeutralityView(APIView):
    """Public figures about the neutrality of trading."""

    permission_classes = (MayCall,)
    reads = PUBLIC

    @extend_schema(summary="Read the neutrality figures", responses={200: OpenApiTypes.OBJECT, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Trades of the operator's group (0), concentration of sellers, and fees by segment, of the newest bundle's period.

        Null where fewer than three sold or bought. The operator's auditors read those of all days up to now.
        """
        return Response(neutrality() if reader_of(request, Permission.EVIDENCE_READ) else NEUTRALITY.read())


class GuaranteeExposureView(APIView):
    """What guarantees secure instead of money, for the operator."""

    permission_classes = (MayCall,)
    reads = Permission.CLEARING_READ

    @extend_schema(summary="Read the exposures under guarantees", responses={200: ExposuresSerializer})
    def get(self, request: Request) -> Response:
        """By participant and in total: limits, use, what is backed by deposits, billed, overdue or without a valid guarantee."""
        exposures = guarantee_exposures()
        found = {
            "totals": total_exposures(exposures),
            "participants": exposures,
            "labels": {name: label.as_dict() for name, label in EXPOSURE_LABELS.items()},
        }
        return Response(ExposuresSerializer(found).data)


class ObligationViewSet(MarketReadViewSet[Obligation]):
    """Obligations that the caller owes or is owed; all obligations for the operator."""

    serializer_class = ObligationSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_class = ObligationFilter
    queryset = Obligation.objects.none()
    lookup_field = "pk"

    def get_queryset(self) -> QuerySet[Obligation]:
        """Obligations that the caller may see."""
        return visible_obligations(self.actor)

    def get_object(self) -> Obligation:
        """The obligation of a reference; raises Missing if the caller may not see it."""
        name = self.kwargs["id"]
        named = parse_obligation_reference(name)
        rows = self.filter_queryset(self.get_queryset())
        found = rows.filter(trade__public_id=named[0], pk=named[1]).first() if named else None
        if found is None:
            raise Missing(kind="obligation", identifier=name)
        return found

    @command(
        summary="Reverse a correction",
        needs=Permission.CLEARING_WRITE,
        request=ReverseSerializer,
        response=ObligationSerializer,
        status=201,
        example={"reason": "The penalty was ordered for the wrong trade."},
        moves_money=True,
    )
    def reverse(self, data: dict[str, Any], public_id: str) -> Obligation:
        """One obligation of the same amount the other way; a correction is reversed once (operator)."""
        return reverse_obligation(actor=self.actor, obligation=public_id, reason=data["reason"])


class SupplyStatementViewSet(MarketReadViewSet[SupplyStatement]):
    """Statements of the caller on what its listings supply; all statements for the operator."""

    serializer_class = SupplyStatementSerializer
    reads = Permission.MARKET_READ
    filterset_fields = ("listing", "supply")
    queryset = SupplyStatement.objects.none()

    def get_queryset(self) -> QuerySet[SupplyStatement]:
        """Statements that the caller may see."""
        return visible_supply_statements(self.actor)

    @create_command(
        summary="State what a listing supplies",
        needs=Permission.MONEY_WRITE,
        request=StateSupplySerializer,
        response=SupplyStatementSerializer,
        example={"listing": "lst_01JABCDEFGHJKMNPQRSTVWXYZ0", "supply": "data"},
    )
    def create(self, data: dict[str, Any]) -> SupplyStatement:
        """It decides the tax of the caller's trades of the listing that are concluded, or wait for it, from now on (seller)."""
        return state_supply(actor=self.actor, listing=data["listing"], supply=data["supply"])
