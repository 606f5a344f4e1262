"""Drafts of the rulebook in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, InstantField, RowSerializer, StrictSerializer

from ..states import Lane
from .models import RulebookDraft
from .states import DraftState


class DraftSerializer(RowSerializer[RulebookDraft]):
    """A draft: its text, the version it replaces, and the impact report of this text with its warnings (null before).

    ``version`` is also the ETag. ``effective_from`` null: as soon as the notice is over.
    """

    id = serializers.CharField(source="public_id")
    replaces = serializers.CharField(source="replaces.public_id", allow_null=True, default=None)
    rulebook = serializers.CharField(source="rulebook.public_id", allow_null=True, default=None)
    lane_label = ChoiceLabelField(Lane, source="lane")
    state_label = ChoiceLabelField(DraftState, source="state")
    document = serializers.DictField()
    report = serializers.DictField(allow_null=True)

    class Meta:
        model = RulebookDraft
        fields = (
            "id", "version", "state", "state_label", "lane", "lane_label", "effective_from", "replaces", "digest",
            "drafted_by", "drafted_at", "changed_by", "changed_at", "reported_at", "rulebook", "ended_by", "ended_at",
            "document", "report",
        )  # fmt: skip


class SaveDraftSerializer(StrictSerializer):
    """A new draft. ``lane``: ``urgent`` for a change of lists and tables of law only, which takes effect at once."""

    document = serializers.DictField()
    effective_from = InstantField(required=False, allow_null=True)
    lane = serializers.ChoiceField(choices=Lane.choices, required=False)


class ReviseDraftSerializer(StrictSerializer):
    """What changes of a draft. ``version`` is the one that the caller read, if the request has no If-Match."""

    version = serializers.IntegerField(required=False, min_value=1)
    document = serializers.DictField(required=False)
    effective_from = InstantField(required=False, allow_null=True)
    lane = serializers.ChoiceField(choices=Lane.choices, required=False)


class PublishDraftSerializer(StrictSerializer):
    """The digest of the text that was read, and every warning of its report, by its identifier."""

    digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    acknowledged: Any = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=2_000, required=False
    )
