"""Net positions, position statements and proofs of trades over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ..ground.serializers import PartyField, PartyListSerializer
from .models import NetPosition


class PositionSerializer(serializers.ModelSerializer[NetPosition]):
    """A net position in a cycle. Amounts are signed as they add to the net."""

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
            "deferred_minor", "net_minor",
        )  # fmt: skip


class StatementSerializer(serializers.Serializer[NetPosition]):
    """A position statement, and the market's signature (compact JWS) over its SHA-256."""

    statement = serializers.DictField()
    signature = serializers.CharField()


class TradeProofSerializer(serializers.Serializer[Any]):
    """A trade's line in its cycle, and the hashes that lead from it to the cycle's root.

    ``page`` has the up to 15 other leaf hashes of the line's page, in order; ``path`` the hashes from the page upward.
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
