"""Routes of settlement: instructions, transfer files, client accounts and the declaration of funds regimes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import PUBLIC
from marketplace.api.renderers import AsAddressed, BytesRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from ..ledger.models import FundsRegime
from ..ledger.serializers import DeclareFundsRegimeSerializer, FundsRegimeSerializer
from ..ledger.views import FundsRegimeReadViewSet
from .filters import InstructionFilter, TransferFileFilter
from .models import ClientAccount, SettlementInstruction, TransferFile
from .queries import reserve_reductions, visible_instructions
from .reserve_models import ReserveReduction
from .serializers import (
    ClientAccountSerializer,
    CreateTransferFileSerializer,
    FailSerializer,
    InstructionSerializer,
    LowerReserveSerializer,
    OwnMoneySerializer,
    PermitPaymentSerializer,
    RegisterClientAccountSerializer,
    ReserveReductionSerializer,
    TakeOutSerializer,
    TransferFileSerializer,
)
from .services.client_accounts import register_client_account
from .services.funds_regimes import declare_funds_regime
from .services.own_money import plan_own_money, take_out_own_money, withdraw_own_money
from .services.payments import report_failed_payment, retry_payment
from .services.permissions import permit_payment
from .services.reserve import announce_reserve_reduction
from .services.transfer_files import create_transfer_file

CLIENT_ACCOUNT_EXAMPLE = {
    "currency": "JPY",
    "requester_code": "0000000001",
    "requester_name": "ｻﾝﾎﾟｳｼｼﾞﾖｳ ｺｷﾔｸｸﾁ",
    "bank_code": "0001",
    "branch_code": "001",
    "account_type": "ordinary",
    "account_number": "1234567",
}

REGIME_EXAMPLE = {
    "currency": "JPY",
    "regime": "agency_receipt",
    "legal_reference": "利用規約第12条（代理受領）",
    "balance_cap_minor": 10000000,
    "idle_days": 5,
}


class SettlementInstructionViewSet(MarketReadViewSet[SettlementInstruction]):
    """Settlement payments of the caller's organisation; all payments for the operator."""

    serializer_class = InstructionSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_class = InstructionFilter
    queryset = SettlementInstruction.objects.none()

    def get_queryset(self) -> QuerySet[SettlementInstruction]:
        """Payments that the caller may see."""
        return visible_instructions(self.actor)

    @command(
        summary="Record that the bank did not make a payment",
        needs=Permission.CLEARING_WRITE,
        request=FailSerializer,
        response=InstructionSerializer,
        example={"reason": "口座該当なし"},
        moves_money=True,
    )
    def fail(self, data: dict[str, Any], public_id: str) -> SettlementInstruction:
        """On the bank's notice; the money stays owed to the payee (operator)."""
        return report_failed_payment(actor=self.actor, instruction=public_id, **data)

    @command(
        summary="Make a failed payment again",
        needs=Permission.CLEARING_WRITE,
        response=InstructionSerializer,
        status=201,
        moves_money=True,
    )
    def retry(self, data: dict[str, Any], public_id: str) -> SettlementInstruction:
        """Plans a new payment with its own reference (operator)."""
        return retry_payment(actor=self.actor, instruction=public_id)

    @command(
        summary="Permit a payment to a participant under sanctions",
        request=PermitPaymentSerializer,
        response=InstructionSerializer,
        needs=Permission.CLEARING_WRITE,
        example={"number": "財国第1234号", "authority": "財務大臣"},
    )
    def permit(self, data: dict[str, Any], public_id: str) -> SettlementInstruction:
        """Two people state the number of the authority's permission; the next transfer file has the payment (operator)."""
        return permit_payment(actor=self.actor, instruction=public_id, **data)

    @command(
        summary="Pay the operator's own money into the client account",
        needs=Permission.CLEARING_WRITE,
        request=OwnMoneySerializer,
        response=InstructionSerializer,
        detail=False,
        status=201,
        path="own-money",
        example={"amount_minor": 55_000, "currency": "JPY"},
        moves_money=True,
    )
    def own_money(self, data: dict[str, Any]) -> SettlementInstruction:
        """Plans the payment in; the bank statement confirms it by its reference (operator)."""
        return plan_own_money(actor=self.actor, **data)

    @command(
        summary="Take the operator's own money out of the client account",
        needs=Permission.CLEARING_WRITE,
        request=TakeOutSerializer,
        response=InstructionSerializer,
        detail=False,
        status=201,
        path="take-out-own-money",
        example={"amount_minor": 1_200, "currency": "JPY", "reason": "決算利息（2026年9月期）"},
        moves_money=True,
    )
    def take_out_own_money(self, data: dict[str, Any]) -> SettlementInstruction:
        """Two people plan the payment out, at most what nothing else needs (operator)."""
        return take_out_own_money(actor=self.actor, **data)

    @command(
        summary="Withdraw a planned payment of the operator's own money",
        needs=Permission.CLEARING_WRITE,
        response=InstructionSerializer,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> SettlementInstruction:
        """Of own money that was not paid in yet; if it comes after all, it is in suspense (operator)."""
        return withdraw_own_money(actor=self.actor, instruction=public_id)


class TransferFileViewSet(MarketReadViewSet[TransferFile]):
    """Transfer files for the operator's bank."""

    serializer_class = TransferFileSerializer
    reads = Permission.CLEARING_READ
    filterset_class = TransferFileFilter
    queryset = TransferFile.objects.select_related("cycle")

    @create_command(
        summary="Make a transfer file",
        needs=Permission.CLEARING_WRITE,
        request=CreateTransferFileSerializer,
        response=TransferFileSerializer,
        example={"cycle": "cyc_01JABCDEFGHJKMNPQRSTVWXYZ0"},
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> TransferFile:
        """Of a cycle, or of payments of no cycle; its payments then count as sent (operator)."""
        return create_transfer_file(actor=self.actor, **data)

    @extend_schema(
        summary="Download a transfer file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        renderer_classes=[BytesRenderer],
        content_negotiation_class=AsAddressed,
    )
    def content(self, request: Request, **_: Any) -> Response:
        """The file in the format of its route; for yen 総合振込: 120 bytes per record, Shift_JIS."""
        file = self.get_object()
        return Response(
            bytes(file.content),
            headers={"Content-Disposition": f'attachment; filename="{file.public_id}.txt"'},
        )


class ClientAccountViewSet(MarketReadViewSet[ClientAccount]):
    """Client accounts (operator)."""

    serializer_class = ClientAccountSerializer
    reads = Permission.CLEARING_READ
    filterset_fields = ("currency",)
    queryset = ClientAccount.objects.all()

    @create_command(
        summary="Register the client account",
        needs=Permission.CLEARING_WRITE,
        request=RegisterClientAccountSerializer,
        response=ClientAccountSerializer,
        example=CLIENT_ACCOUNT_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> ClientAccount:
        """Takes two people. The newest effective account of a currency is in force; another one needs notice (operator)."""
        return register_client_account(actor=self.actor, **data)


class ReserveReductionViewSet(MarketReadViewSet[ReserveReduction]):
    """Reductions of the operator's reserve: past, present and announced."""

    serializer_class = ReserveReductionSerializer
    reads = PUBLIC
    filterset_fields = ("currency",)
    queryset = ReserveReduction.objects.none()

    def get_queryset(self) -> QuerySet[ReserveReduction]:
        """All reductions."""
        return reserve_reductions()

    @create_command(
        summary="Lower the operator's reserve",
        needs=Permission.CLEARING_WRITE,
        request=LowerReserveSerializer,
        response=ReserveReductionSerializer,
        example={"amount_minor": 1_000_000, "currency": "JPY", "reason": "立替えの減少に伴う見直し"},
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> ReserveReduction:
        """Takes two people. It takes effect after the notice, never below what the reserve has lent (operator)."""
        return announce_reserve_reduction(actor=self.actor, **data)


class FundsRegimeViewSet(FundsRegimeReadViewSet):
    """Rights by which the market holds participants' money: past, present and announced."""

    @create_command(
        summary="Declare the funds regime",
        needs=Permission.CLEARING_WRITE,
        request=DeclareFundsRegimeSerializer,
        response=FundsRegimeSerializer,
        example=REGIME_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> FundsRegime:
        """Takes two people. The newest effective declaration is in force; one that weakens a control needs notice (operator)."""
        return declare_funds_regime(actor=self.actor, **data)
