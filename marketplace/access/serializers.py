"""Staff accesses in the API, and the input of their commands."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer

from .models import REASON_LENGTH_MAX, REFERENCE_LENGTH_MAX, StaffAccess
from .states import DEFERRED_DAYS_MAX, HOURS_MAX, AccessGround, AccessKind


class StaffAccessSerializer(RowSerializer[StaffAccess]):
    """An access of a person of the operator to a participant's affairs, and which subjects were read under it.

    ``commitment`` is the SHA-256 over the canonical JSON (RFC 8785) of the content with ``salt``; it stands in evidence.
    ``review_at``: until when the participant is not told, null if it was told at once.
    """

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation_identifier")
    kind_label = ChoiceLabelField(AccessKind, source="kind")
    ground_label = ChoiceLabelField(AccessGround, source="ground")
    review_at = serializers.SerializerMethodField()
    subjects = serializers.SerializerMethodField()

    class Meta:
        model = StaffAccess
        fields = (
            "id", "organisation", "person", "kind", "kind_label", "ground", "ground_label", "reason", "reference",
            "opened_at", "expires_at", "ended_at", "ended_by", "approved_by", "review_at", "told_at", "subjects",
            "commitment", "salt",
        )  # fmt: skip

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_review_at(self, row: StaffAccess) -> str | None:
        """The review date of a deferred notice."""
        review_at = row.review_at()
        return review_at.isoformat() if review_at else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_subjects(self, row: StaffAccess) -> list[str]:
        """The identifiers of what was read, in the order of the first reading."""
        return [read.subject for read in row.reads.all()]


class OpenAccessSerializer(StrictSerializer):
    """What is opened, why, and for how long.

    ``reference`` names the dispute, the support case or the authority's document. ``deferred_days``: only on the ground of law,
    and with a second person.
    """

    organisation = serializers.CharField(max_length=31)
    kind = serializers.ChoiceField(choices=AccessKind.choices)
    ground = serializers.ChoiceField(choices=AccessGround.choices)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
    reference = serializers.CharField(max_length=REFERENCE_LENGTH_MAX)
    hours = serializers.IntegerField(min_value=1, max_value=HOURS_MAX)
    deferred_days = serializers.IntegerField(
        min_value=1, max_value=DEFERRED_DAYS_MAX, allow_null=True, default=None
    )


class DeferNoticeSerializer(StrictSerializer):
    """For how many days from now the notice is deferred again, and why."""

    days = serializers.IntegerField(min_value=1, max_value=DEFERRED_DAYS_MAX)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
