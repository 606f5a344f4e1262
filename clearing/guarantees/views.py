"""Routes of guarantees."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from .models import Guarantee
from .queries import visible_guarantees
from .serializers import GuaranteeSerializer, ReduceGuaranteeSerializer, RegisterGuaranteeSerializer
from .services import reduce_guarantee, register_guarantee


class GuaranteeViewSet(MarketReadViewSet[Guarantee]):
    """Guarantees, and limits that deposits back, of the caller's organisation; all of them for the operator."""

    serializer_class = GuaranteeSerializer
    reads = (Permission.MONEY_READ, Permission.NEGOTIATIONS_SETTLE, Permission.CLEARING_READ)
    filterset_fields = ("currency", "kind")
    queryset = Guarantee.objects.none()

    def get_queryset(self) -> QuerySet[Guarantee]:
        """Guarantees that the caller may see."""
        return visible_guarantees(self.actor)

    @create_command(
        summary="Register a guarantee",
        needs=Permission.CLEARING_WRITE,
        request=RegisterGuaranteeSerializer,
        response=GuaranteeSerializer,
        example={
            "organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "kind": "undertaking",
            "issuer": "株式会社三方銀行",
            "amount_minor": 5_000_000,
            "valid_from": "2026-12-01T00:00:00+09:00",
            "expires_at": "2099-04-01T00:00:00+09:00",
            "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> Guarantee:
        """A second person gives the same terms; from then on it secures what the participant buys (operator)."""
        return register_guarantee(actor=self.actor, **data)

    @command(
        summary="Reduce or withdraw a guarantee",
        needs=Permission.CLEARING_WRITE,
        request=ReduceGuaranteeSerializer,
        response=GuaranteeSerializer,
        example={"amount_minor": 0, "reason": "保証契約の終了"},
        moves_money=True,
    )
    def reduce(self, data: dict[str, Any], public_id: str) -> Guarantee:
        """Two people reduce it, never below what is used; zero withdraws it (operator)."""
        return reduce_guarantee(actor=self.actor, guarantee=public_id, **data)
