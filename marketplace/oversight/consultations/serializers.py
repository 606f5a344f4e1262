"""Consultations in the API, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer

from .models import Consultation
from .states import SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX, Answer, Matter


class ConsultationSerializer(RowSerializer[Consultation]):
    """A question and its answer. ``answer_commitment``: the SHA-256 over the lines ``salt`` and ``answer``, as in evidence."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    matter_label = ChoiceLabelField(Matter, source="matter")
    follows = serializers.CharField(source="follows.public_id", allow_null=True, default=None)

    class Meta:
        model = Consultation
        fields = (
            "id", "organisation", "matter", "matter_label", "subject", "question", "follows", "asked_at", "due_at", "outcome",
            "answer", "is_binding", "answered_at", "withdrawn_at", "commitment", "answer_commitment", "salt",
        )  # fmt: skip


class AskSerializer(StrictSerializer):
    """What the participant means to do, and what it asks. ``follows``: an earlier question of its own."""

    matter = serializers.ChoiceField(choices=Matter.choices)
    question = serializers.CharField(max_length=TEXT_LENGTH_MAX)
    subject = serializers.CharField(max_length=SUBJECT_LENGTH_MAX, allow_blank=True, default="")
    follows = serializers.CharField(max_length=31, allow_blank=True, default="")


class AnswerSerializer(StrictSerializer):
    """What the operator holds of it. ``is_binding``: the operator is bound by it, which takes two people."""

    outcome = serializers.ChoiceField(choices=Answer.choices)
    answer = serializers.CharField(max_length=TEXT_LENGTH_MAX)
    is_binding = serializers.BooleanField(default=False)
