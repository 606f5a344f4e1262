"""Cycles for everybody, positions for whose they are."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, StrictSerializer

from ..models import Cycle, NetPosition
from ..queries import waiting_for
from .parties import PartyField, PartyListSerializer, label_of


class CycleSerializer(serializers.ModelSerializer[Cycle]):
    """A cycle as everybody sees it: what it came to, and the hashes it commits to."""

    id = serializers.CharField(source="public_id")
    state_label = serializers.SerializerMethodField()
    waits_for = serializers.SerializerMethodField()

    class Meta:
        model = Cycle
        fields = (
            "id", "business_key", "currency", "number", "state", "state_label", "waits_for", "opened_at",
            "closed_at", "trades", "gross_minor", "net_minor", "payments_before", "payments_after",
            "input_hash", "trades_root", "output_hash", "merkle_root", "netted_at", "posted_at", "settled_at",
            "on_hold_since", "hold_reason",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, cycle: Cycle) -> dict[str, str]:
        """The state in words."""
        return label_of(cycle, "state")

    @extend_schema_field(BilingualField(allow_null=True))
    def get_waits_for(self, cycle: Cycle) -> dict[str, str] | None:
        """What the cycle waits for, or null while it goes on by itself or is over."""
        words = waiting_for(cycle)
        return words.as_dict() if words else None


class PositionSerializer(serializers.ModelSerializer[NetPosition]):
    """What a cycle came to for a participant. Amounts are signed as they add to the net."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id")
    organisation = PartyField("organisation_id")

    class Meta:
        model = NetPosition
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "cycle", "organisation", "currency", "purchases_minor", "purchase_tax_minor", "sales_minor",
            "sales_tax_minor", "fees_minor", "fee_tax_minor", "fee_refunds_minor", "fee_refund_tax_minor",
            "corrections_paid_minor", "corrections_received_minor", "shares_paid_minor", "shares_received_minor",
            "carried_forward_minor", "net_minor",
        )  # fmt: skip


class OpenCycleSerializer(StrictSerializer):
    """The currency in which clearing begins."""

    currency = serializers.CharField(min_length=3, max_length=3)
