"""The API of staff accesses."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import StaffAccessFilter
from .models import StaffAccess
from .serializers import DeferNoticeSerializer, OpenAccessSerializer, StaffAccessSerializer


class StaffAccessViewSet(MarketReadViewSet[StaffAccess]):
    """Accesses of the operator's staff to participants' own affairs.

    A participant sees those to its own, once it was told of them; staff those that it opened or approved; the operator's
    auditor all.
    """

    reads = Permission.MARKET_READ
    serializer_class = StaffAccessSerializer
    filterset_class = StaffAccessFilter
    queryset = StaffAccess.objects.none()

    def get_queryset(self) -> QuerySet[StaffAccess]:
        """Rows in the caller's scope."""
        return queries.visible_accesses(self.actor)

    @create_command(
        summary="Open a participant's affairs",
        needs=Permission.ACCESS_OPEN,
        request=OpenAccessSerializer,
        response=StaffAccessSerializer,
        example={
            "organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "kind": "metadata",
            "ground": "support",
            "reason": "納品ファイルを取得できないとの問合せの調査",
            "reference": "SUP-2026-0117",
            "hours": 4,
        },
    )
    def create(self, data: dict[str, Any]) -> StaffAccess:
        """Read one kind of a participant's affairs for some hours, with a reason. The participant is told at once (operator).

        Where law forbids that now, state `deferred_days`: another person gives the same command, and the participant is told
        at the review date.
        """
        return services.open_access(actor=self.actor, **data)

    @command(summary="End an access", needs=Permission.ACCESS_OPEN, response=StaffAccessSerializer)
    def end(self, data: dict[str, Any], public_id: str) -> StaffAccess:
        """Nothing more is read under it (operator)."""
        return services.end_access(actor=self.actor, access=public_id)

    @command(
        summary="Defer the notice of an access again",
        needs=Permission.ACCESS_OPEN,
        request=DeferNoticeSerializer,
        response=StaffAccessSerializer,
        example={"days": 30, "reason": "捜査機関から、通知の制限が継続する旨の回答があったため"},
    )
    def defer(self, data: dict[str, Any], public_id: str) -> StaffAccess:
        """Two people defer the notice to a later review date, before the present one (operator)."""
        return services.defer_notice(actor=self.actor, access=public_id, **data)

    @command(
        summary="Tell the participant of an access",
        needs=Permission.ACCESS_OPEN,
        response=StaffAccessSerializer,
    )
    def tell(self, data: dict[str, Any], public_id: str) -> StaffAccess:
        """Send the deferred notice now, and disclose in evidence what was sealed (operator)."""
        return services.tell_participant(actor=self.actor, access=public_id)
