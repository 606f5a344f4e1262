"""Reviews in the API, and the input of their command."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer

from .models import Review
from .states import REASON_LENGTH_MAX, SEALED_DAYS_MAX, Detector, Outcome


class ReviewSerializer(RowSerializer[Review]):
    """What the surveillance noticed, who is concerned, and what a person found.

    ``commitment`` is the SHA-256 over the canonical JSON (RFC 8785) of ``facts`` and ``salt``; it stands in evidence.
    """

    id = serializers.CharField(source="public_id")
    detector_label = ChoiceLabelField(Detector, source="detector")
    parties = serializers.ListField(child=serializers.CharField())
    facts = serializers.DictField()

    class Meta:
        model = Review
        fields = (
            "id", "detector", "detector_label", "parties", "facts", "opened_at", "look_by", "outcome", "reason", "closed_at",
            "sealed_until", "told_at", "commitment", "salt",
        )  # fmt: skip


class CloseReviewSerializer(StrictSerializer):
    """What a person found, and why. ``sealed_days``: the parties are told only then; it takes two people."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
    sealed_days = serializers.IntegerField(
        min_value=1, max_value=SEALED_DAYS_MAX, allow_null=True, default=None
    )
