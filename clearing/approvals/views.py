"""Approvals, for the operator."""

from __future__ import annotations

from typing import Any

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet, command

from .filters import ApprovalFilter
from .models import Approval
from .serializers import ApprovalSerializer
from .services import withdraw_approval


class ApprovalViewSet(MarketReadViewSet[Approval]):
    """Commands on large amounts. To countersign one, another person of the operator gives the same command."""

    serializer_class = ApprovalSerializer
    permission_classes = (IsOperator,)
    filterset_class = ApprovalFilter
    queryset = Approval.objects.all()

    @command(
        summary="Withdraw a pending approval",
        response=ApprovalSerializer,
        permissions=(IsOperator,),
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Approval:
        """Its first person may withdraw it, or another person who refuses to countersign (operator)."""
        return withdraw_approval(actor=self.actor, approval=public_id)
