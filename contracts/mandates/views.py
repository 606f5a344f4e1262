"""The API of mandates."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from .. import queries, services
from .models import Mandate
from .serializers import MandateSerializer, SignMandateSerializer


class MandateViewSet(MarketReadViewSet[Mandate]):
    """Mandates of the caller's organisation for its programs; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = MandateSerializer
    queryset = Mandate.objects.none()

    def get_queryset(self) -> QuerySet[Mandate]:
        """Rows in the caller's scope."""
        return queries.visible_mandates(self.actor)

    @create_command(
        summary="Sign a mandate",
        request=SignMandateSerializer,
        response=MandateSerializer,
        needs=Permission.CONTRACTS_SIGN,
        example={
            "program": "app_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "key": "key_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "templates": ["data-provision"],
            "currency": "JPY",
            "price_max_minor": 100_000,
            "total_max_minor": 1_000_000,
            "total_days": 30,
            "valid_days": 180,
        },
    )
    def create(self, data: dict[str, Any]) -> Mandate:
        """Let a program sign contracts with your organisation's own key within limits, for a year at most.

        The market signs it as a witness on your instruction (立会人型), and names you. It ends when you leave, or are no
        signatory any more.
        """
        return services.sign_mandate(actor=self.actor, **data)

    @command(summary="Revoke a mandate", response=MandateSerializer, needs=Permission.KEYS_WRITE)
    def revoke(self, data: dict[str, Any], public_id: str) -> Mandate:
        """End it at once. What was signed within it stays valid."""
        return services.revoke_mandate(actor=self.actor, mandate=public_id)
