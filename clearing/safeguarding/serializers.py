"""Segregation checks over HTTP."""

from __future__ import annotations

from rest_framework import serializers

from .models import SegregationCheck


class SegregationCheckSerializer(serializers.ModelSerializer[SegregationCheck]):
    """One segregation check: balance by ledger and by bank, and the parts of participants and operator."""

    id = serializers.CharField(source="public_id")
    statement = serializers.CharField(source="statement.public_id", allow_null=True, default=None)

    class Meta:
        model = SegregationCheck
        fields = (
            "id", "currency", "business_date", "since", "bank_minor", "owed_minor", "operator_minor", "statement",
            "stated_minor", "stated_difference_minor", "agrees", "checked_at",
        )  # fmt: skip
