"""The API of payout accounts and their changes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .models import PayoutAccountChange
from .payout_queries import visible_account_changes
from .payout_serializers import (
    PayoutAccountChangeSerializer,
    ProposePayoutAccountSerializer,
    StopPayoutAccountSerializer,
)

EXAMPLE = {
    "payout_account": {
        "bank_code": "0002",
        "branch_code": "045",
        "account_type": "ordinary",
        "account_number": "7654321",
        "account_holder_kana": "サヌキデータ(カ",
    }
}


class PayoutAccountChangeViewSet(MarketReadViewSet[PayoutAccountChange]):
    """Accounts at which the caller's organisation is or was paid, and changes of them.

    The operator's staff also see what they confirm for participants of one person.
    """

    reads = (Permission.MONEY_READ, Permission.ADMISSION_WRITE)
    serializer_class = PayoutAccountChangeSerializer
    filterset_fields = ("state",)
    queryset = PayoutAccountChange.objects.none()

    def get_queryset(self) -> QuerySet[PayoutAccountChange]:
        """Rows in the caller's scope."""
        return visible_account_changes(self.actor)

    @create_command(
        summary="Change the payout account",
        request=ProposePayoutAccountSerializer,
        response=PayoutAccountChangeSerializer,
        needs=Permission.PAYOUT_WRITE,
        example=EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> PayoutAccountChange:
        """State another account for the caller's organisation; it is used five business days after it is confirmed."""
        return services.propose_payout_account(actor=self.actor, **data)

    @command(
        summary="Confirm a changed payout account",
        response=PayoutAccountChangeSerializer,
        needs=(Permission.PAYOUT_WRITE, Permission.ADMISSION_WRITE),
    )
    def confirm(self, data: dict[str, Any], public_id: str) -> PayoutAccountChange:
        """Confirm it as another person of the organisation; for a participant of one person, two of the operator do."""
        return services.confirm_payout_account(actor=self.actor, change=public_id)

    @command(
        summary="Stop the change of a payout account",
        request=StopPayoutAccountSerializer,
        response=PayoutAccountChangeSerializer,
        needs=Permission.PAYOUT_WRITE,
        example={"reason": "この変更を依頼した覚えがありません。"},
    )
    def stop(self, data: dict[str, Any], public_id: str) -> PayoutAccountChange:
        """Stop it before the account is used; the account in use stays."""
        return services.stop_payout_account(actor=self.actor, change=public_id, **data)
