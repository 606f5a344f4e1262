"""Guarantees over HTTP."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import AmountField, BilingualField, InstantField, StrictSerializer

from ..ground.serializers import PartyField, PartyListSerializer, label_of
from .models import ISSUER_LENGTH_MAX, REASON_LENGTH_MAX, Guarantee
from .states import GuaranteeKind


class GuaranteeSerializer(serializers.ModelSerializer[Guarantee]):
    """A guarantee, or a limit that a deposit backs; ``used_minor`` of it secures trades that are not paid yet."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    kind_label = serializers.SerializerMethodField()

    class Meta:
        model = Guarantee
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "organisation", "kind", "kind_label", "issuer", "amount_minor", "used_minor", "currency", "valid_from",
            "expires_at", "document_sha256", "registered_by", "registered_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_kind_label(self, guarantee: Guarantee) -> dict[str, str]:
        """Label of the kind."""
        return label_of(guarantee, "kind")


class RegisterGuaranteeSerializer(StrictSerializer):
    """The terms of a guarantee as its document states them; ``issuer`` is empty for a limit that a deposit backs."""

    organisation = serializers.CharField(max_length=31)
    kind = serializers.ChoiceField(choices=GuaranteeKind.choices)
    issuer = serializers.CharField(max_length=ISSUER_LENGTH_MAX, allow_blank=True, default="")
    amount_minor = AmountField()
    currency = serializers.CharField(max_length=3, default="JPY")
    valid_from = InstantField()
    expires_at = InstantField()
    document_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class ReduceGuaranteeSerializer(StrictSerializer):
    """The amount that a guarantee has from now on, zero to withdraw it, and why."""

    amount_minor = AmountField(min_value=0)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
