"""Changes of payout accounts in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer

from .models import PayoutAccountChange
from .payout_accounts import REASON_LENGTH_MAX
from .serializers import PayoutAccountSerializer
from .states import PayoutChangeState


class PayoutAccountChangeSerializer(serializers.ModelSerializer[PayoutAccountChange]):
    """An account that an organisation stated, who confirmed it, and from which day it is used."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    payout_account = serializers.SerializerMethodField()
    state_label = ChoiceLabelField(PayoutChangeState, source="state")

    class Meta:
        model = PayoutAccountChange
        fields = (
            "id", "organisation", "payout_account", "is_registered", "state", "state_label", "proposed_by", "proposed_at",
            "lapses_on", "reviewed_by", "reviewed_at", "confirmed_by", "confirmed_at", "usable_from", "ended_by",
            "ended_at", "end_reason",
        )  # fmt: skip

    @extend_schema_field(PayoutAccountSerializer)
    def get_payout_account(self, row: PayoutAccountChange) -> dict[str, Any]:
        """The five fields of the account."""
        return dict(PayoutAccountSerializer(row).data)


class ProposePayoutAccountSerializer(StrictSerializer):
    """Another account for the caller's organisation."""

    payout_account = PayoutAccountSerializer()


class StopPayoutAccountSerializer(StrictSerializer):
    """Why the change is stopped."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
