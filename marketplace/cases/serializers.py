"""Cases in the API, and the input of their commands."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, InstantField, StrictSerializer
from marketplace.participants.admission_terms import CONDITIONS_MAX

from .models import DOCUMENTS_MAX, REASON_LENGTH_MAX, STATEMENT_LENGTH_MAX, Appeal, Case, Remedy
from .states import CaseKindCode, CaseOutcome, CaseState


class AppealDocumentSerializer(StrictSerializer):
    """A document that an appeal relies on, which the participant keeps ready: its name and SHA-256."""

    name = serializers.CharField(max_length=200)
    sha256 = serializers.CharField(max_length=64)


class AppealSerializer(serializers.ModelSerializer[Appeal]):
    """What a participant states in its appeal."""

    documents = AppealDocumentSerializer(many=True)

    class Meta:
        model = Appeal
        fields = ("statement", "documents", "salt", "filed_by", "filed_at")


class RemedySerializer(serializers.ModelSerializer[Remedy]):
    """How an appeal was carried out that changed the first decision."""

    class Meta:
        model = Remedy
        fields = ("how", "reference", "salt", "carried_out_by", "carried_out_at")


class CaseSerializer(serializers.ModelSerializer[Case]):
    """A case that waits for two people of the operator, or was decided by them.

    Evidence has the SHA-256 over the lines ``salt`` and ``reason``, and so of the statement of an appeal and of its remedy.
    """

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    counterparty = serializers.CharField(source="counterparty.public_id", default=None, allow_null=True)
    kind_label = ChoiceLabelField(CaseKindCode, source="kind")
    state_label = ChoiceLabelField(CaseState, source="state")
    outcome = serializers.ChoiceField(choices=CaseOutcome.choices, allow_blank=True)
    appeal = AppealSerializer(allow_null=True)
    remedy = RemedySerializer(allow_null=True)

    class Meta:
        model = Case
        fields = (
            "id", "kind", "kind_label", "subject", "organisation", "counterparty", "decision", "state", "state_label", "opened_at",
            "decide_by", "reminded_at", "outcome", "reason", "kept_until", "again_at", "first_person", "resolved_by", "ended_at", "appeal",
            "remedy", "salt",
        )  # fmt: skip


class StateConditionSerializer(StrictSerializer):
    """A condition of an admission: a qualification of this kind is verified by ``due_on``."""

    qualification = serializers.CharField(max_length=40)
    due_on = serializers.DateField()
    text = BilingualField()


class ResolveCaseSerializer(StrictSerializer):
    """How the case is decided, and why, and until when an admission is kept (`keep`); the participant reads them.

    An admission may be allowed until a last day (``expires_on``) and on ``conditions``.
    """

    outcome = serializers.ChoiceField(choices=CaseOutcome.choices)
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
    until = InstantField(allow_null=True, default=None)
    expires_on = serializers.DateField(allow_null=True, default=None)
    conditions = serializers.ListField(
        child=StateConditionSerializer(), default=list, max_length=CONDITIONS_MAX
    )


class FileAppealSerializer(StrictSerializer):
    """What is appealed (a decision, a case or a suspension), why, and the documents that prove it."""

    subject = serializers.CharField(max_length=60)
    statement = serializers.CharField(max_length=STATEMENT_LENGTH_MAX)
    documents = serializers.ListField(
        child=AppealDocumentSerializer(), default=list, max_length=DOCUMENTS_MAX
    )


class CarryOutSerializer(StrictSerializer):
    """What was done because the first decision was changed, and the identifier of what was done."""

    how = serializers.CharField(max_length=REASON_LENGTH_MAX)
    reference = serializers.CharField(max_length=60, allow_blank=True, default="")
