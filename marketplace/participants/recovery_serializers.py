"""Recoveries of owners in the API, and the input of their commands."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer

from .models import LANGUAGES, OwnerRecovery, RecoveryEvidence
from .people_serializers import TOKEN_LENGTH_MAX
from .states import OwnerRecoveryState


class FiledRecoverySerializer(serializers.ModelSerializer[OwnerRecovery]):
    """A recovery as whoever filed it, or objected to it, sees it."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    state_label = ChoiceLabelField(OwnerRecoveryState, source="state")

    class Meta:
        model = OwnerRecovery
        fields: tuple[str, ...] = ("id", "organisation", "state", "state_label", "filed_at", "ends_at")


class RecoveryEvidenceSerializer(serializers.ModelSerializer[RecoveryEvidence]):
    """A file of evidence."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = RecoveryEvidence
        fields = ("id", "media_type", "sha256", "added_at")


class OwnerRecoverySerializer(FiledRecoverySerializer):
    """A recovery in full, for the operator."""

    evidence = serializers.SerializerMethodField()

    class Meta(FiledRecoverySerializer.Meta):
        fields = (
            *FiledRecoverySerializer.Meta.fields,
            "email",
            "name",
            "language",
            "statement",
            "evidence",
            "filed_by",
            "proposed_by",
            "proposed_at",
            "reason",
            "salt",
            "confirmed_by",
            "confirmed_at",
            "objection",
            "ended_at",
        )

    @extend_schema_field(RecoveryEvidenceSerializer(many=True))
    def get_evidence(self, row: OwnerRecovery) -> list[dict[str, str]]:
        """Its files, without their content."""
        return [dict(RecoveryEvidenceSerializer(each).data) for each in row.evidence.all()]


class FileRecoverySerializer(StrictSerializer):
    """Who is to be the owner of which organisation, why, and a PDF, JPEG or PNG file that shows it."""

    organisation = serializers.CharField(max_length=31)
    email = serializers.CharField(max_length=254)
    name = serializers.CharField(max_length=100)
    statement = serializers.CharField(max_length=4_000)
    language = serializers.ChoiceField(choices=LANGUAGES, default="ja")
    file = serializers.FileField()


class RecoveryReasonSerializer(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=2_000)


class ObjectSerializer(StrictSerializer):
    """The token of the mail to a known contact, and what is wrong."""

    token = serializers.CharField(max_length=TOKEN_LENGTH_MAX)
    reason = serializers.CharField(max_length=2_000)
