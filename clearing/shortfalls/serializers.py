"""Deposits, claims and shortfalls."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from ..ground.serializers import PartyField, PartyListSerializer
from .models import Shortfall

AMOUNT_MINOR_MAX = 10**15


class FundsSerializer(serializers.Serializer[Any]):
    """What a participant has in one currency; ``claim_minor`` is what it owes the market's reserve."""

    organisation = serializers.CharField()
    currency = serializers.CharField()
    available_minor = serializers.IntegerField()
    deposit_minor = serializers.IntegerField()
    claim_minor = serializers.IntegerField()


class PayDepositSerializer(StrictSerializer):
    """How much of its available money a participant keeps back as its deposit."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=AMOUNT_MINOR_MAX)
    currency = serializers.CharField(max_length=3, default="JPY")


class OfParticipantSerializer(PayDepositSerializer):
    """An amount of a participant, and why the operator decides so."""

    organisation = serializers.CharField(max_length=31)
    reason = serializers.CharField(max_length=200)


class ShortfallSerializer(serializers.ModelSerializer[Shortfall]):
    """That a participant owed more in a cycle than it had: what was lent to it, and what was put off."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id")
    organisation = PartyField("organisation_id")

    class Meta:
        model = Shortfall
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "cycle", "organisation", "currency", "missing_minor", "lent_minor", "deferred_minor",
            "awaited_minor", "occurred_at",
        )  # fmt: skip
