"""Suspensions in the API, and the input of their commands."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, StrictSerializer
from marketplace.kernel.suspensions import EFFECTS
from marketplace.kernel.suspensions import SuspensionKind as Kind

from .models import Suspension
from .states import SuspensionKind


class SuspensionSerializer(serializers.ModelSerializer[Suspension]):
    """A suspension, what it means, and when it ended."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    kind_label = ChoiceLabelField(SuspensionKind, source="kind")
    meaning = serializers.SerializerMethodField()
    ended_at = serializers.SerializerMethodField()

    class Meta:
        model = Suspension
        fields = (
            "id", "organisation", "kind", "kind_label", "meaning", "reason_code", "reason", "reference", "effective_on",
            "suspended_at", "ended_at", "salt",
        )  # fmt: skip

    @extend_schema_field(BilingualField())
    def get_meaning(self, row: Suspension) -> dict[str, str]:
        """What goes on, and who acts, in both languages."""
        return EFFECTS[Kind(row.kind)].meaning.as_dict()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_ended_at(self, row: Suspension) -> str | None:
        """When it ended, or null while it stands."""
        ended = getattr(row, "ended_by", None)
        return ended.reinstated_at.isoformat() if ended else None


class SuspendSerializer(StrictSerializer):
    """The kind of and the reason for a suspension: a code, and a text that only the organisation reads."""

    kind = serializers.ChoiceField(choices=SuspensionKind.choices, default=SuspensionKind.BREACH)
    reason_code = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=2_000)
    reference = serializers.CharField(max_length=200, default="", allow_blank=True)
    effective_on = serializers.DateField(allow_null=True, default=None)


class ReinstateSerializer(StrictSerializer):
    """The suspension to end; needed if several stand."""

    suspension = serializers.CharField(max_length=31, allow_null=True, default=None)
