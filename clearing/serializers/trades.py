"""Trades and their proofs, as their parties see them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField

from ..models import Trade
from .parties import PartyField, PartyListSerializer, label_of


class TradeSerializer(serializers.ModelSerializer[Trade]):
    """A trade as its parties see it. ``cleared``: the cycle that it was cleared in is posted."""

    id = serializers.CharField(source="public_id")
    buyer = PartyField("buyer_id")
    seller = PartyField("seller_id")
    state_label = serializers.SerializerMethodField()
    cleared = serializers.BooleanField()

    class Meta:
        model = Trade
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "business_key", "agreement", "charge", "charging", "commissioned", "reference", "listing",
            "listing_version", "segment", "buyer", "seller", "currency", "price_minor", "tax_minor",
            "tax_rate_bp", "gross_minor", "fee_minor", "captured_price_minor", "captured_tax_minor",
            "captured_fee_minor", "fee_payer", "tariff", "rulebook", "fee_tiered", "state", "state_label", "cleared",
            "inspection_days",
            "fund_by", "pay_by", "concluded_at", "secured_at", "received_at", "accepted_at", "ended_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, trade: Trade) -> dict[str, str]:
        """The state in words."""
        return label_of(trade, "state")


class TradeProofSerializer(serializers.Serializer[Any]):
    """A trade's line in its cycle, and the hashes that lead from it to the cycle's root.

    ``page`` has the leaf hashes of the up to 15 lines that stand with it in a page, in order; ``path`` those from the
    page upward.
    """

    trade = serializers.CharField()
    cycle = serializers.CharField()
    line = serializers.CharField()
    index = serializers.IntegerField()
    size = serializers.IntegerField()
    page = serializers.ListField(child=serializers.CharField())
    path = serializers.ListField(child=serializers.CharField())
    trades_root = serializers.CharField()
    positions_root = serializers.CharField()
    merkle_root = serializers.CharField()
