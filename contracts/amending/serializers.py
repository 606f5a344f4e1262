"""Versions of agreements in the API, and the input of an amendment."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer

from ..negotiating.serializers import RELATIONS, TermChangeSerializer
from ..serializers import ChangedTermsSerializer
from .shown import ShownVersion
from .states import TermMove, VersionKind


class AmendedTermsSerializer(ChangedTermsSerializer):
    """Terms to change of an agreement in force, from the beginning of the day ``effective_on`` (Japan time) on; omitted terms stay."""

    effective_on = serializers.DateField()


class AmendAgreementSerializer(StrictSerializer):
    """An amendment to propose to the other party."""

    terms = AmendedTermsSerializer()
    note = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class VersionClassesSerializer(serializers.Serializer[dict[str, Any]]):
    """How a version compares with the one before: its rights of use, its price, and its term; and the other terms that change."""

    rights = serializers.ChoiceField(choices=RELATIONS)
    price = serializers.ChoiceField(choices=TermMove.choices)
    term = serializers.ChoiceField(choices=TermMove.choices)
    terms = serializers.ListField(child=serializers.CharField())


class AgreementVersionSerializer(serializers.Serializer[ShownVersion]):
    """A version of an agreement: what was signed, from when it holds, and what it changes against the one before.

    The first is the agreement as it was concluded: it has no ``id``, ``kind`` and ``classes``. ``from_charge``: the first charge that follows
    it. ``in_force``: whether it is the version in force now.
    """

    id = serializers.CharField(allow_null=True)
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=VersionKind.choices, allow_null=True)
    kind_label = ChoiceLabelField(VersionKind, source="kind", allow_null=True)
    negotiation = serializers.CharField()
    signed_hash = serializers.CharField()
    effective_at = serializers.DateTimeField()
    from_charge = serializers.IntegerField()
    in_force = serializers.BooleanField()
    classes = VersionClassesSerializer(allow_null=True)
    changes = serializers.SerializerMethodField()
    terms = serializers.DictField()
    plan = serializers.DictField()
    policy = serializers.DictField()

    @extend_schema_field(TermChangeSerializer(many=True))
    def get_changes(self, row: ShownVersion) -> Any:
        """Every term that differs from the version before."""
        return TermChangeSerializer(row.changes, many=True).data
