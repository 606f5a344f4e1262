"""Security deposits, claims and shortfalls over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from ..ground.serializers import PartyField, PartyListSerializer
from .models import Shortfall

AMOUNT_MINOR_MAX = 10**15


class FundsSerializer(serializers.Serializer[Any]):
    """A participant's funds in one currency; ``claim_minor`` is what it owes the reserve."""

    organisation = serializers.CharField()
    currency = serializers.CharField()
    available_minor = serializers.IntegerField()
    deposit_minor = serializers.IntegerField()
    claim_minor = serializers.IntegerField()


class PayDepositSerializer(StrictSerializer):
    """The amount of available money to keep back as a security deposit."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=AMOUNT_MINOR_MAX)
    currency = serializers.CharField(max_length=3, default="JPY")


class OfParticipantSerializer(PayDepositSerializer):
    """An amount of a participant, and the operator's reason."""

    organisation = serializers.CharField(max_length=31)
    reason = serializers.CharField(max_length=200)


class ShortfallSerializer(serializers.ModelSerializer[Shortfall]):
    """A shortfall of a participant in a cycle: what the reserve lent and what was deferred."""

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
