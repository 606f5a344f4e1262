"""Monthly statements and drafts over HTTP."""

from __future__ import annotations

from rest_framework import serializers

from ..ground.serializers import PartyField, PartyListSerializer
from .models import MonthlyStatement


class MonthlyStatementSerializer(serializers.ModelSerializer[MonthlyStatement]):
    """A monthly statement in a list. ``signature`` is the market's compact JWS over ``sha256`` and the owner."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    number = serializers.CharField(source="document.number")

    class Meta:
        model = MonthlyStatement
        list_serializer_class = PartyListSerializer
        fields = ("id", "number", "organisation", "currency", "month", "sha256", "signature", "made_at")


class FullStatementSerializer(MonthlyStatementSerializer):
    """A monthly statement with its document; ``sha256`` is of the canonical JSON (RFC 8785) of ``document``."""

    document = serializers.DictField()

    class Meta(MonthlyStatementSerializer.Meta):
        fields = (*MonthlyStatementSerializer.Meta.fields, "document")  # type: ignore[assignment]


class DraftStatementSerializer(serializers.Serializer[dict[str, object]]):
    """The draft statement of the running month."""

    draft = serializers.BooleanField()
    document = serializers.DictField()
