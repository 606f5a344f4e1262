"""Activity records in the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import RowSerializer

from .models import ActivityRecord

STATES = ("making", "ready", "failed", "removed")


class ActivityRecordSerializer(RowSerializer[ActivityRecord]):
    """Records that were asked for: ``making``, ``ready`` until ``expires_at``, ``failed`` or ``removed``.

    ``sha256`` is that of the file, ``manifest_sha256`` that of its signed manifest, which stands in evidence.
    """

    id = serializers.CharField(source="public_id")
    state = serializers.SerializerMethodField()

    class Meta:
        model = ActivityRecord
        fields = (
            "id", "state", "asked_at", "made_at", "rows_total", "size_bytes", "sha256", "manifest_sha256", "expires_at",
            "failed_at", "reason",
        )  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, row: ActivityRecord) -> str:
        """What has become of it."""
        if row.failed_at is not None:
            return "failed"
        if row.removed_at is not None:
            return "removed"
        return "ready" if row.made_at is not None else "making"
