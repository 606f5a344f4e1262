"""The proposals of a negotiation and what they change, in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from listings.rights import dataspace_policy
from marketplace.api.serializers import BilingualField, RowSerializer

from ..models import Proposal
from .rounds import changes_of

RELATIONS = ["equal", "narrower", "wider", "incomparable", "undecided"]


class RightsRelationSerializer(serializers.Serializer[Any]):
    """How rights of use compare with others on the whole. The price is no right."""

    relation = serializers.ChoiceField(RELATIONS)
    relation_label = BilingualField()


class TermChangeSerializer(serializers.Serializer[Any]):
    """A term that changed, for programs (``from``, ``to``) and in ``words``. ``relation``: whether the change of this right alone
    makes the rights narrower or wider; null for terms that are no rights.
    """

    field = serializers.CharField()
    to = serializers.JSONField()
    words = BilingualField()
    relation = serializers.ChoiceField(RELATIONS, allow_null=True)
    relation_label = BilingualField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With the fields whose names are words of Python, or of the base class."""
        fields: dict[str, Any] = {"label": BilingualField(), "from": serializers.JSONField()}
        return {**super().get_fields(), **fields}


class RoundComparisonSerializer(serializers.Serializer[Any]):
    """What a proposal changes: its rights on the whole, and each term."""

    rights = RightsRelationSerializer()
    changes = TermChangeSerializer(many=True)


class RoundSerializer(serializers.Serializer[Any]):
    """A proposal compared with the published offer, and with the proposal before it."""

    number = serializers.IntegerField()
    party = serializers.CharField()
    with_offer = RoundComparisonSerializer()
    with_last = RoundComparisonSerializer(allow_null=True)


class ProposalSerializer(RowSerializer[Proposal]):
    """Terms that one party proposed to the other. ``policy`` is an ODRL 2.2 Offer.

    ``changes``: every term that differs from the proposal before; null for the first.
    """

    terms = serializers.DictField()
    policy = serializers.DictField()
    dataspace_policy = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()

    class Meta:
        model = Proposal
        fields = (
            "number", "party", "terms", "changes", "policy", "dataspace_policy", "effective_on", "note", "made_by", "made_at",
        )  # fmt: skip

    @extend_schema_field(TermChangeSerializer(many=True, allow_null=True))
    def get_changes(self, row: Proposal) -> Any:
        """What changed since the proposal before."""
        changes = changes_of(row)
        return None if changes is None else TermChangeSerializer(changes, many=True).data

    def get_dataspace_policy(self, row: Proposal) -> dict[str, Any]:
        """The policy as messages of the Dataspace Protocol 2025-1 state it."""
        return dataspace_policy(row.policy)
