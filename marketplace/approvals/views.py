"""Approvals of the caller's organisation."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command
from marketplace.kernel.permissions import WRITES, Permission

from .filters import ApprovalFilter
from .models import Approval
from .queries import visible_approvals
from .serializers import ApprovalSerializer
from .services import withdraw_approval


class ApprovalViewSet(MarketReadViewSet[Approval]):
    """Commands of the caller's organisation that take two people. To approve one, another person gives the same command."""

    serializer_class = ApprovalSerializer
    reads = Permission.MARKET_READ
    filterset_class = ApprovalFilter
    queryset = Approval.objects.none()

    def get_queryset(self) -> QuerySet[Approval]:
        """Approvals that the caller gave first or may approve; all of its organisation for who audits it."""
        return visible_approvals(self.actor)

    @command(
        summary="Withdraw a pending approval",
        response=ApprovalSerializer,
        needs=tuple(sorted(WRITES)),
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Approval:
        """Its first person may withdraw it, or another person who holds its permission and refuses to approve it."""
        return withdraw_approval(actor=self.actor, approval=public_id)
