"""Legal holds and the schedule of retention in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, InstantField, RowSerializer, StrictSerializer

from .models import LegalHold
from .schedule import reach_of
from .states import REASON_LENGTH_MAX, REFERENCE_LENGTH_MAX, REVIEW_DAYS_MAX, SUBJECT_LENGTH_MAX


class LegalHoldSerializer(RowSerializer[LegalHold]):
    """A legal hold: what is kept from deletion, why, and whether it was lifted.

    Evidence has the SHA-256 over the lines ``salt`` and ``reason``, and over ``salt`` and ``lifted_reason``.
    """

    id = serializers.CharField(source="public_id")
    reach = serializers.SerializerMethodField()

    @extend_schema_field(BilingualField())
    def get_reach(self, hold: LegalHold) -> dict[str, str]:
        """What it stops from being deleted."""
        return reach_of(hold.subject).as_dict()

    class Meta:
        model = LegalHold
        fields = (
            "id", "subject", "reach", "since", "until", "parties", "review_at", "reason", "reference", "opened_by", "opened_at", "lifted_first", "lifted_by",
            "lifted_at", "lifted_reason", "salt",
        )  # fmt: skip


class OpenHoldSerializer(StrictSerializer):
    """What is kept from deletion, and why; after ``days`` a task asks whether it is still needed.

    Without ``subject``, everything of the period, which has begun and has at most 366 days.
    """

    subject = serializers.CharField(max_length=SUBJECT_LENGTH_MAX, allow_blank=True, default="")
    since = InstantField(allow_null=True, default=None)
    until = InstantField(allow_null=True, default=None)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
    reference = serializers.CharField(max_length=REFERENCE_LENGTH_MAX)
    days = serializers.IntegerField(min_value=1, max_value=REVIEW_DAYS_MAX)


class LiftHoldSerializer(StrictSerializer):
    """Why nothing is held any more."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class KeptSerializer(serializers.Serializer[Any]):
    """What nothing deletes, and how long law demands that it is kept."""

    name = serializers.CharField()
    label = BilingualField()  # type: ignore[assignment]  # a field of the answer
    years_min = serializers.IntegerField()
    law = serializers.CharField()
    since = serializers.DateField()


class LeavingSerializer(serializers.Serializer[Any]):
    """What leaves after how many days, and why then. ``not_held``: why no legal hold stops it, if none does."""

    name = serializers.CharField()
    days = serializers.IntegerField()
    reason = serializers.CharField()
    stopped_by_holds = serializers.BooleanField()
    not_held = serializers.CharField(allow_blank=True)


class RetentionScheduleSerializer(serializers.Serializer[Any]):
    """How long everything is kept."""

    kept = KeptSerializer(many=True)
    leaving = LeavingSerializer(many=True)
