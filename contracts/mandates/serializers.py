"""Mandates in the API, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import AmountField, RowSerializer, StrictSerializer

from .models import LISTED_MAX, MANDATE_VALID, TOTAL_DAYS_MAX, Mandate


class MandateSerializer(RowSerializer[Mandate]):
    """Within which limits a program signs. Amounts exclude tax, in minor units. The market's public keys verify ``jws``."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation_identifier")
    program = serializers.CharField(source="program_identifier")
    key = serializers.CharField(source="key.public_id")

    class Meta:
        model = Mandate
        fields = (
            "id", "organisation", "program", "key", "templates", "counterparties", "currency", "price_max_minor",
            "total_max_minor", "total_days", "signed_by", "signed_at", "expires_at", "signed_hash", "jws",
            "revoked_at", "revoked_by",
        )  # fmt: skip


class SignMandateSerializer(StrictSerializer):
    """A mandate: without ``counterparties`` it is for any."""

    program = serializers.CharField(max_length=31)
    key = serializers.CharField(max_length=31)
    templates = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=LISTED_MAX
    )
    counterparties = serializers.ListField(
        child=serializers.CharField(max_length=31), max_length=LISTED_MAX, required=False
    )
    currency = serializers.RegexField(r"^[A-Z]{3}$", default="JPY")
    price_max_minor = AmountField()
    total_max_minor = AmountField()
    total_days = serializers.IntegerField(min_value=1, max_value=TOTAL_DAYS_MAX)
    valid_days = serializers.IntegerField(min_value=1, max_value=MANDATE_VALID.days)
