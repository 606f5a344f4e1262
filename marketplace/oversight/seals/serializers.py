"""Seals in the API, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH

from .models import RecordSeal
from .states import BASIS_LENGTH_MAX, DAYS_MAX, REASON_LENGTH_MAX, SealGround


class RecordSealSerializer(RowSerializer[RecordSeal]):
    """A seal: which record was kept from whom, by which law, until when at most, and how it ended.

    Evidence has the SHA-256 over the lines ``salt`` and ``legal_basis``, over ``salt`` and ``reason``, and over ``salt`` and
    ``ended_reason``.
    """

    id = serializers.CharField(source="public_id")
    ground_label = ChoiceLabelField(SealGround, source="ground")
    parties = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = RecordSeal
        fields = (
            "id", "record", "parties", "ground", "ground_label", "legal_basis", "reason", "review_at", "first_person",
            "sealed_by", "sealed_at", "ended_first", "ended_by", "ended_at", "ended_reason", "salt",
        )  # fmt: skip


class SealRecordSerializer(StrictSerializer):
    """Which record law keeps secret, by which provision, why, and for how many days until people look at it anew."""

    record = serializers.CharField(max_length=IDENTIFIER_LENGTH)
    ground = serializers.ChoiceField(choices=SealGround.choices)
    legal_basis = serializers.CharField(max_length=BASIS_LENGTH_MAX)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
    days = serializers.IntegerField(min_value=1, max_value=DAYS_MAX)


class EndSealSerializer(StrictSerializer):
    """Why law keeps the record secret no longer."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
