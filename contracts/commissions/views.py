"""The API of commissioned work."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer
from marketplace.api.views import MarketReadViewSet, create_command
from marketplace.kernel.permissions import Permission

from . import faults
from .models import TEXT_LENGTH_MAX, SellerFault
from .states import FaultGround

EXAMPLE = {
    "agreement": "agr_01JQWXYZ0123456789ABCDEFGH",
    "ground": "incomplete",
    "statement": "納品したデータのうち3日分が欠けていました。",
}


class SellerFaultSerializer(RowSerializer[SellerFault]):
    """A fault that the seller of commissioned work admitted."""

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    ground_label = ChoiceLabelField(FaultGround, source="ground")

    class Meta:
        model = SellerFault
        fields = (
            "id", "agreement", "ground", "ground_label", "statement", "admitted_by", "admitted_at", "salt",
        )  # fmt: skip


class AdmitFaultSerializer(StrictSerializer):
    """What the seller admits."""

    agreement = serializers.CharField(max_length=31)
    ground = serializers.ChoiceField(choices=FaultGround.choices)
    statement = serializers.CharField(max_length=TEXT_LENGTH_MAX)


class SellerFaultViewSet(MarketReadViewSet[SellerFault]):
    """Faults that sellers of commissioned work admitted, of the caller's agreements; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = SellerFaultSerializer
    queryset = SellerFault.objects.none()

    def get_queryset(self) -> QuerySet[SellerFault]:
        """Rows in the caller's scope."""
        rows = SellerFault.objects.select_related("agreement")
        if self.actor.may_see():
            return rows
        own = self.actor.organisation_id
        return rows.filter(Q(agreement__buyer_id=own) | Q(agreement__seller_id=own))

    @create_command(
        summary="Admit a fault of commissioned work",
        request=AdmitFaultSerializer,
        response=SellerFaultSerializer,
        needs=Permission.CONTRACTS_SIGN,
        example=EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> SellerFault:
        """Admit, as a signatory of the seller, a fault for which the price of commissioned work may be reduced."""
        return faults.admit_fault(actor=self.actor, **data)
