"""The API of the facts of organisations: their own people change them, with history."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .fact_queries import visible_fact_changes
from .models import FactChange
from .organisation_facts import LENGTH_MAX, MAY_BE_EMPTY, Fact

EXAMPLE = {
    "facts": {"address": "香川県高松市サンポート2-1", "representative": "代表取締役 讃岐 次郎"},
    "document": "履歴事項全部証明書（2026年4月20日付）",
    "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "effective_on": "2026-04-01",
}


class FactChangeSerializer(serializers.ModelSerializer[FactChange]):
    """One change of one fact."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    fact_label = ChoiceLabelField(Fact, source="fact")

    class Meta:
        model = FactChange
        fields = (
            "id", "organisation", "fact", "fact_label", "old_value", "new_value", "effective_on", "document",
            "document_sha256", "changed_by", "changed_at",
        )  # fmt: skip


class StatedFactsSerializer(StrictSerializer):
    """New values of facts; the empty text takes back what need not be stated."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """A field a fact."""
        return {
            fact.value: serializers.CharField(
                max_length=LENGTH_MAX[fact], required=False, allow_blank=fact.value in MAY_BE_EMPTY
            )
            for fact in Fact
        }


class ChangeFactsSerializer(StrictSerializer):
    """Facts to change, and what proves them."""

    facts = StatedFactsSerializer()
    document = serializers.CharField(max_length=200)
    document_sha256 = serializers.CharField(max_length=64, default="", allow_blank=True)
    effective_on = serializers.DateField(allow_null=True, default=None)


class FactsChangedSerializer(serializers.Serializer[list[FactChange]]):
    """The changes that a command made, one a fact."""

    changes = FactChangeSerializer(many=True, source="*")


class FactChangeViewSet(MarketReadViewSet[FactChange]):
    """Changes of the facts of the caller's organisation; of all, for the operator, who changes none."""

    reads = Permission.MARKET_READ
    serializer_class = FactChangeSerializer
    filterset_fields = ("fact",)
    queryset = FactChange.objects.none()

    def get_queryset(self) -> QuerySet[FactChange]:
        """Rows in the caller's scope."""
        return visible_fact_changes(self.actor)

    @create_command(
        summary="Change facts of the organisation",
        request=ChangeFactsSerializer,
        response=FactsChangedSerializer,
        needs=Permission.ORGANISATION_WRITE,
        example=EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> list[FactChange]:
        """Change facts of the caller's own organisation; what was agreed or invoiced before keeps what it says."""
        return services.change_facts(actor=self.actor, **data)
