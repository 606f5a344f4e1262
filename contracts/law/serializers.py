"""Representation of unlawful terms of agreements."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, RowSerializer

from .models import LawAdjustment
from .states import LawAdjustmentState


class LawAdjustmentSerializer(RowSerializer[LawAdjustment]):
    """A term that a rulebook made unlawful: by which entry and source, what it was, until when an amendment takes effect, and the market's
    signature of that."""

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    rulebook = serializers.CharField(source="rulebook.public_id")
    kind = serializers.SerializerMethodField()
    value = serializers.JSONField(source="found.value", allow_null=True)
    text = serializers.SerializerMethodField()
    source = serializers.CharField(source="found.entry.source")  # type: ignore[assignment]
    can_be_amended = serializers.BooleanField(source="found.can_be_amended")
    state_label = ChoiceLabelField(LawAdjustmentState, source="state")

    class Meta:
        model = LawAdjustment
        fields = (
            "id", "agreement", "rulebook", "kind", "code", "term", "value", "text", "source", "can_be_amended", "state", "state_label",
            "opened_at", "amend_by", "closed_at", "jws",
        )  # fmt: skip

    def get_kind(self, row: LawAdjustment) -> str:
        """The kind of the clause."""
        return "law"

    @extend_schema_field(BilingualField())
    def get_text(self, row: LawAdjustment) -> dict[str, Any]:
        """What the rulebook says of the term, in both languages."""
        text: dict[str, Any] = row.found["entry"]["text"]
        return text
