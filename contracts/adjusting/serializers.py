"""Representations of indices and of what clauses did."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import AmountField, BilingualField, RowSerializer, StrictSerializer

from ..models import FiredAdjustment, IndexValue
from .words import words_of


class IndexValueSerializer(RowSerializer[IndexValue]):
    """The value of an index as of a day, in thousandths, with its source."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = IndexValue
        fields = ("id", "index", "as_of", "value_milli", "source", "entered_at")


class EnterIndexValueSerializer(StrictSerializer):
    """A value that two people enter."""

    index = serializers.CharField(max_length=40)
    as_of = serializers.DateField()
    value_milli = AmountField()
    source = serializers.CharField(max_length=500)  # type: ignore[assignment]


class FiredAdjustmentSerializer(RowSerializer[FiredAdjustment]):
    """What a clause did to the price of a charge: its inputs, before and after without tax, in words, and the market's signature."""

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    adjustment = serializers.CharField(source="adjustment.public_id")
    currency = serializers.CharField(source="adjustment.currency")
    inputs = serializers.DictField()
    words = serializers.SerializerMethodField()

    class Meta:
        model = FiredAdjustment
        fields = (
            "id", "agreement", "kind", "charge", "inputs", "before_minor", "after_minor", "currency", "adjustment", "words",
            "jws", "fired_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField())
    def get_words(self, row: FiredAdjustment) -> dict[str, Any]:
        """What it did, in both languages."""
        return words_of(
            row.kind,
            charge=row.charge,
            before_minor=row.before_minor,
            after_minor=row.after_minor,
            currency=row.adjustment.currency,
        ).as_dict()
