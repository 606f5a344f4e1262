"""Routes of security deposits, claims and shortfalls."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, viewsets

from marketplace.api.permissions import MayCall
from marketplace.api.principal import actor_of
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from ..settlement.models import SettlementInstruction
from ..settlement.restraint_models import SetOffRestraint
from ..settlement.serializers import InstructionSerializer
from .bad_debt_models import FeeWriteOff, TaxRelief
from .models import SetOff, Shortfall
from .queries import Funds, visible_fee_write_offs, visible_set_offs, visible_shortfalls
from .serializers import (
    FeeWriteOffSerializer,
    FundsSerializer,
    LiftRestraintSerializer,
    OfParticipantSerializer,
    PayCreditorSerializer,
    PayDepositSerializer,
    RecordRestraintSerializer,
    RelieveTaxSerializer,
    RestraintSerializer,
    SetOffSerializer,
    ShortfallSerializer,
    TaxReliefSerializer,
    WriteOffFeeSerializer,
)
from .services.attached_payments import pay_creditor
from .services.bad_debts import record_tax_relief, write_off_fee
from .services.claims import write_off_claim
from .services.deposits import pay_deposit, release_deposit
from .services.restraints import lift_restraint, record_restraint

OF_PARTICIPANT = {"organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0", "amount_minor": 1_000}


PAY_CREDITOR_EXAMPLE = {
    "payment": "stl_01JABCDEFGHJKMNPQRSTVWXYZ0",
    "amount_minor": 1_000_000,
    "payee_kind": "creditor",
    "payee_name": "株式会社差押債権者",
    "payee_account": {
        "bank_code": "0001",
        "branch_code": "001",
        "account_type": "ordinary",
        "account_number": "1234567",
        "account_holder_kana": "カ）サシオサエサイケンシャ",
    },
    "document": "東京地方裁判所 令和8年(ル)第1号 債権差押命令、令和8年12月9日付取立届",
    "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


class DepositViewSet(viewsets.GenericViewSet[Any]):
    """Security deposits: participants' own money, used before the reserve lends."""

    permission_classes = (MayCall,)
    serializer_class = FundsSerializer
    queryset = Shortfall.objects.none()

    @create_command(
        summary="Keep back available money as a security deposit",
        needs=Permission.MONEY_WRITE,
        request=PayDepositSerializer,
        response=FundsSerializer,
        example={"amount_minor": 1_000},
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> Funds:
        """Moves available money of the caller's organisation into its security deposit."""
        return pay_deposit(actor=actor_of(self.request), **data)

    @command(
        summary="Release a security deposit",
        needs=Permission.CLEARING_WRITE,
        request=OfParticipantSerializer,
        response=FundsSerializer,
        detail=False,
        example={**OF_PARTICIPANT, "reason": "退会"},
        moves_money=True,
    )
    def release(self, data: dict[str, Any]) -> Funds:
        """Moves the deposit to the participant's available money if no claim on it is open (operator)."""
        return release_deposit(actor=actor_of(self.request), **data)


class ClaimViewSet(viewsets.GenericViewSet[Any]):
    """Claims on participants for what the reserve lent them."""

    permission_classes = (MayCall,)
    serializer_class = FundsSerializer
    queryset = Shortfall.objects.none()

    @command(
        summary="Write off a claim",
        needs=Permission.CLEARING_WRITE,
        request=OfParticipantSerializer,
        response=FundsSerializer,
        detail=False,
        example={**OF_PARTICIPANT, "reason": "破産手続の終結"},
        moves_money=True,
    )
    def write_off(self, data: dict[str, Any]) -> Funds:
        """Writes off a claim, or a part of it; the reserve bears the loss (operator)."""
        return write_off_claim(actor=actor_of(self.request), **data)


class ShortfallViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Shortfall]):
    """Shortfalls of the caller's organisation; all shortfalls for the operator."""

    permission_classes = (MayCall,)
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    serializer_class = ShortfallSerializer
    filterset_fields = ("currency",)
    queryset = Shortfall.objects.none()

    def get_queryset(self) -> QuerySet[Shortfall]:
        """Shortfalls that the caller may see."""
        if getattr(self, "swagger_fake_view", False):
            return Shortfall.objects.none()
        return visible_shortfalls(actor_of(self.request))


class SetOffViewSet(MarketReadViewSet[SetOff]):
    """Set-offs against planned payments of the caller's organisation; all set-offs for the operator."""

    serializer_class = SetOffSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_fields = ("currency",)
    queryset = SetOff.objects.none()

    def get_queryset(self) -> QuerySet[SetOff]:
        """Set-offs that the caller may see."""
        return visible_set_offs(self.actor)


class RestraintViewSet(MarketReadViewSet[SetOffRestraint]):
    """Attachments and insolvencies that limit set-off, for the operator."""

    serializer_class = RestraintSerializer
    reads = Permission.CLEARING_READ
    filterset_fields = ("currency", "kind")
    queryset = SetOffRestraint.objects.filter(lifts=None).select_related("lifted_by")

    @create_command(
        summary="Record an attachment or an insolvency",
        needs=Permission.CLEARING_WRITE,
        request=RecordRestraintSerializer,
        response=RestraintSerializer,
        example={
            "organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "kind": "attachment",
            "served_at": "2026-12-01T10:00:00+09:00",
            "reference": "東京地方裁判所 令和8年(ル)第1号",
            "amount_minor": 1_000_000,
        },
    )
    def create(self, data: dict[str, Any]) -> SetOffRestraint:
        """From now on netting sets off against the participant's payments by the rule of that day (operator)."""
        return record_restraint(actor=self.actor, **data)

    @command(
        summary="Pay an attaching creditor",
        needs=Permission.CLEARING_WRITE,
        request=PayCreditorSerializer,
        response=InstructionSerializer,
        path="pay-creditor",
        status=201,
        filterset_fields=None,
        example=PAY_CREDITOR_EXAMPLE,
        moves_money=True,
    )
    def pay_creditor(self, data: dict[str, Any], public_id: str) -> SettlementInstruction:
        """Two people plan the payment of what is attached to whom the order names; the participant is told (operator)."""
        return pay_creditor(actor=self.actor, restraint=public_id, **data)

    @command(
        summary="Lift a restraint",
        needs=Permission.CLEARING_WRITE,
        request=LiftRestraintSerializer,
        response=RestraintSerializer,
        example={"reason": "取下げ"},
    )
    def lift(self, data: dict[str, Any], public_id: str) -> SetOffRestraint:
        """Two people end an attachment or insolvency, once; what was held back is paid to the participant (operator)."""
        return lift_restraint(actor=self.actor, restraint=public_id, **data)


class FeeWriteOffViewSet(MarketReadViewSet[FeeWriteOff]):
    """Fees that were put off and written off (operator)."""

    serializer_class = FeeWriteOffSerializer
    reads = Permission.CLEARING_READ
    filterset_fields = ("currency",)
    queryset = FeeWriteOff.objects.none()

    def get_queryset(self) -> QuerySet[FeeWriteOff]:
        """All write-offs."""
        return visible_fee_write_offs()

    @create_command(
        summary="Write off a fee that was put off",
        needs=Permission.CLEARING_WRITE,
        request=WriteOffFeeSerializer,
        response=FeeWriteOffSerializer,
        example={"obligation": "trd_01JABCDEFGHJKMNPQRSTVWXYZ0-1", "reason": "破産手続開始決定"},
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> FeeWriteOff:
        """Two people book it as a loss; income and output tax stay, and so does the debt (operator)."""
        return write_off_fee(actor=self.actor, **data)

    @command(
        summary="Record that output tax is relieved",
        needs=Permission.CLEARING_WRITE,
        request=RelieveTaxSerializer,
        response=TaxReliefSerializer,
        path="relieve-tax",
        status=201,
        filterset_fields=None,
        example={
            "ground": "消費税法施行規則18条1号（破産手続の終結）",
            "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "met_on": "2026-11-30",
        },
        moves_money=True,
    )
    def relieve_tax(self, data: dict[str, Any], public_id: str) -> TaxRelief:
        """Two people record with evidence that article 39 of the Consumption Tax Act is met (operator)."""
        return record_tax_relief(actor=self.actor, write_off=public_id, **data)
