"""Segregation checks over HTTP."""

from __future__ import annotations

from rest_framework import serializers

from .models import SegregationCheck


class SegregationCheckSerializer(serializers.ModelSerializer[SegregationCheck]):
    """One segregation check: balance by ledger and by bank, the parts of participants and operator, and what must come back."""

    id = serializers.CharField(source="public_id")
    statement = serializers.CharField(source="statement.public_id", allow_null=True, default=None)

    class Meta:
        model = SegregationCheck
        fields = (
            "id", "currency", "business_date", "attempt", "since", "bank_minor", "owed_minor", "operator_minor",
            "outstanding_minor", "due_on", "statement", "stated_on", "stated_minor", "stated_difference_minor", "agrees",
            "checked_at",
        )  # fmt: skip
