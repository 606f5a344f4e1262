"""The API of deletion after an agreement's end."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from marketplace.api.views import MarketReadViewSet, command
from marketplace.kernel.permissions import Permission

from .. import services
from .models import DeletionDuty
from .serializers import CertifyDeletionSerializer, DeletionDutySerializer


class DeletionDutyViewSet(MarketReadViewSet[DeletionDuty]):
    """Duties to delete after the end of the caller's agreements, with their certificates; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = DeletionDutySerializer
    queryset = DeletionDuty.objects.none()
    filterset_fields = ("state",)

    def get_queryset(self) -> QuerySet[DeletionDuty]:
        """Rows in the caller's scope."""
        rows = DeletionDuty.objects.select_related("agreement", "certificate")
        if self.actor.may_see():
            return rows
        own = self.actor.organisation_id
        return rows.filter(Q(agreement__buyer_id=own) | Q(agreement__seller_id=own))

    @command(
        summary="Certify the deletion",
        needs=Permission.CONTRACTS_SIGN,
        request=CertifyDeletionSerializer,
        response=DeletionDutySerializer,
        example={
            "deleted_on": "2026-11-30",
            "statement": "全ての複製を消去しました。",
            "kept": "取引記録（法人税法により7年保存）",
        },
    )
    def certify(self, data: dict[str, Any], public_id: str) -> DeletionDuty:
        """Certify, as a signatory of the buyer, that the data was deleted with its copies; the market signs it as a witness."""
        return self.get_queryset().get(
            pk=services.certify_deletion(actor=self.actor, duty=public_id, **data).pk
        )
