"""The API of relations between organisations."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .models import OrganisationRelation
from .models.relations import DOCUMENT_LENGTH_MAX
from .relation_kinds import RelationKind, RelationSource
from .relation_queries import visible_relations


class RelationSerializer(serializers.ModelSerializer[OrganisationRelation]):
    """A relation of an organisation to another. It stands until ``ended_at``."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    related = serializers.CharField(source="related.public_id")
    kind_label = ChoiceLabelField(RelationKind, source="kind")
    source_label = ChoiceLabelField(RelationSource, source="source")

    class Meta:
        model = OrganisationRelation
        fields = (
            "id", "organisation", "related", "kind", "kind_label", "source", "source_label", "document",
            "document_sha256", "since", "first_person", "stated_by", "stated_at", "ended_at", "ended_by", "end_first_person",
            "end_reason", "salt",
        )  # fmt: skip


class StateRelationSerializer(StrictSerializer):
    """To whom, how, since when, and what proves it. ``organisation``: only for the operator, who found it."""

    related = serializers.CharField(max_length=31)
    kind = serializers.ChoiceField(choices=RelationKind.choices)
    document = serializers.CharField(max_length=DOCUMENT_LENGTH_MAX)
    document_sha256 = serializers.CharField(max_length=64, default="", allow_blank=True)
    since = serializers.DateField(allow_null=True, default=None)
    organisation = serializers.CharField(max_length=31, allow_null=True, default=None)


class EndRelationSerializer(StrictSerializer):
    """Why the relation no longer stands."""

    reason = serializers.CharField(max_length=500)


class OrganisationRelationViewSet(MarketReadViewSet[OrganisationRelation]):
    """Relations of the caller's organisation, on either side; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = RelationSerializer
    filterset_fields = ("kind", "source")
    queryset = OrganisationRelation.objects.none()

    def get_queryset(self) -> QuerySet[OrganisationRelation]:
        """Rows in the caller's scope."""
        return visible_relations(self.actor)

    @create_command(
        summary="State a relation to another organisation",
        needs=(Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE),
        request=StateRelationSerializer,
        response=RelationSerializer,
        example={
            "related": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "kind": "parent",
            "document": "有価証券報告書（第45期）",
            "since": "2024-04-01",
        },
    )
    def create(self, data: dict[str, Any]) -> OrganisationRelation:
        """Declare a relation of your organisation; or, as the operator, what you found of `organisation`. Rules read it.

        That an organisation is an affiliate of the operator takes two people of it, with `document_sha256`.
        """
        return services.state_relation(actor=self.actor, **data)

    @command(
        summary="End a relation between organisations",
        needs=Permission.ADMISSION_WRITE,
        request=EndRelationSerializer,
        response=RelationSerializer,
        example={"reason": "株式譲渡により親子関係が解消したことを登記で確認しました。"},
    )
    def end(self, data: dict[str, Any], public_id: str) -> OrganisationRelation:
        """End a relation that is over; takes two people (operator)."""
        return services.end_relation(actor=self.actor, relation=public_id, **data)
