"""Disputes in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import (
    AmountField,
    ChoiceLabelField,
    RowSerializer,
    StrictSerializer,
)

from ..states import DisputeOutcome, DisputeParty, DisputeReason, DisputeState, Party
from .consequences import words_of
from .models import Dispute, Mediator, Remedy, Settlement
from .rules import CLAIMS_MAX
from .statement_models import DisputeFile, Statement
from .states import Impossible, Relief, RemedyKind, SettlementState, StatementKind

TEXT_LENGTH_MAX = 5_000


class ClaimSerializer(StrictSerializer):
    """Something that is asked: an outcome, `suspension` of access meanwhile, or `damages`, which are only recorded."""

    claim = serializers.CharField(max_length=20)
    amount_minor = AmountField(required=False, allow_null=True)


class ClaimsInput(StrictSerializer):
    """The reason of a dispute, and what is asked."""

    reason_code = serializers.CharField(max_length=40)
    text = serializers.CharField(max_length=20_000)
    claims = ClaimSerializer(many=True, required=False, default=list, max_length=CLAIMS_MAX)  # type: ignore[call-arg]  # the stubs lack it


class OpenDisputeSerializer(ClaimsInput):
    """A dispute of the seller, or of a third party by its ``stake`` in the listing."""

    agreement = serializers.CharField(max_length=31)
    stake = serializers.CharField(max_length=31, required=False, default="", allow_blank=True)


class StatementInput(StrictSerializer):
    """What a side states."""

    text = serializers.CharField(max_length=TEXT_LENGTH_MAX)


class WithdrawDisputeSerializer(StrictSerializer):
    """Why, if it is said."""

    reason = serializers.CharField(max_length=TEXT_LENGTH_MAX, required=False, default="", allow_blank=True)


class ObjectionInput(StrictSerializer):
    """Why another person should decide."""

    reason = serializers.CharField(max_length=TEXT_LENGTH_MAX)


class ReliefInput(StrictSerializer):
    """Why the mediator does not decide any more."""

    reason = serializers.CharField(max_length=TEXT_LENGTH_MAX)


class EndRemedySerializer(StrictSerializer):
    """Which remedy cannot be carried out, why, and what replaces it."""

    kind = serializers.ChoiceField(choices=RemedyKind.choices)
    reason = serializers.CharField(max_length=TEXT_LENGTH_MAX)
    replaced_by = serializers.CharField(max_length=TEXT_LENGTH_MAX)


class AssignMediatorSerializer(StrictSerializer):
    """Who decides the dispute."""

    person = serializers.CharField(max_length=60)


class ProposeSettlementSerializer(StrictSerializer):
    """How the dispute would end; ``damages_minor`` is paid outside the market."""

    outcome = serializers.ChoiceField(choices=DisputeOutcome.choices)
    amount_minor = AmountField(required=False, allow_null=True, default=None)
    damages_minor = AmountField(required=False, allow_null=True, default=None)


class AcceptSettlementSerializer(StrictSerializer):
    """The digest of the consequences that were read."""

    digest = serializers.RegexField(r"^[0-9a-f]{64}$")


class ResolveDisputeSerializer(StrictSerializer):
    """The mediator's outcome of a dispute, with its amount without tax."""

    outcome = serializers.ChoiceField(choices=DisputeOutcome.choices)
    reason = serializers.CharField(max_length=5_000)
    amount_minor = AmountField(required=False, allow_null=True, default=None)
    expels = serializers.ChoiceField(choices=Party.choices, required=False, allow_blank=True, default="")


class DisputeFileInput(StrictSerializer):
    """A PDF, JPEG or PNG file, and in which dispute it is handed in."""

    dispute = serializers.CharField(max_length=31)
    file = serializers.FileField()


class DisputeStatementSerializer(RowSerializer[Statement]):
    """An answer or a reply."""

    id = serializers.CharField(source="public_id")
    kind_label = ChoiceLabelField(StatementKind, source="kind")
    party_label = ChoiceLabelField(DisputeParty, source="party")

    class Meta:
        model = Statement
        fields = ("id", "kind", "kind_label", "party", "party_label", "text", "stated_at", "salt")


class DisputeFileSerializer(RowSerializer[DisputeFile]):
    """A file that a side handed in, without its content."""

    id = serializers.CharField(source="public_id")
    dispute = serializers.CharField(source="dispute.public_id")
    party_label = ChoiceLabelField(DisputeParty, source="party")

    class Meta:
        model = DisputeFile
        fields = (
            "id", "dispute", "party", "party_label", "file_name", "media_type", "size_bytes", "sha256", "added_at",
        )  # fmt: skip


class MediatorSerializer(RowSerializer[Mediator]):
    """A person who decides the dispute, or did until a side objected or it was relieved."""

    id = serializers.CharField(source="public_id")
    relief_label = ChoiceLabelField(Relief, source="relief", allow_null=True)

    class Meta:
        model = Mediator
        fields = (
            "id", "person", "assigned_at", "objected_by", "objection", "objected_at", "relief", "relief_label", "relieved_by",
            "relief_reason", "relieved_at", "salt",
        )  # fmt: skip


class SettlementConsequencesSerializer(serializers.Serializer[dict[str, Any]]):
    """What follows from a settlement: amounts in minor units, tax apart; money, access and copies by their codes in the plan."""

    dispute = serializers.CharField()
    agreement = serializers.CharField()
    outcome = serializers.CharField()
    amount_minor = serializers.IntegerField(allow_null=True)
    tax_minor = serializers.IntegerField()
    damages_minor = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    money = serializers.CharField()
    access = serializers.CharField()
    copies = serializers.CharField()


class SettlementSerializer(RowSerializer[Settlement]):
    """A proposed settlement, with what follows from it."""

    id = serializers.CharField(source="public_id")
    party_label = ChoiceLabelField(DisputeParty, source="party")
    outcome_label = ChoiceLabelField(DisputeOutcome, source="outcome")
    state_label = ChoiceLabelField(SettlementState, source="state")
    consequences = SettlementConsequencesSerializer()
    words = serializers.SerializerMethodField()

    class Meta:
        model = Settlement
        fields = (
            "id", "party", "party_label", "outcome", "outcome_label", "amount_minor", "damages_minor", "consequences",
            "words", "digest", "state", "state_label", "proposed_at", "respond_by", "closed_at",
        )  # fmt: skip

    def get_words(self, row: Settlement) -> dict[str, str]:
        """The consequences in words, in both languages."""
        return words_of(row.consequences)


class DisputeRemedySerializer(RowSerializer[Remedy]):
    """What is carried out, until when, and when it was, or why it was not and what replaces it; ``reference`` is the adjustment of a price."""

    kind_label = ChoiceLabelField(RemedyKind, source="kind")
    because_label = ChoiceLabelField(Impossible, source="because", allow_null=True)

    class Meta:
        model = Remedy
        fields = (
            "kind", "kind_label", "reference", "ordered_at", "due_by", "done_at", "escalated_at", "impossible_at", "because",
            "because_label", "reason", "replaced_by",
        )  # fmt: skip


class KeptClaimSerializer(serializers.Serializer[dict[str, Any]]):
    """Something that is asked."""

    claim = serializers.CharField()
    amount_minor = serializers.IntegerField(allow_null=True)


class DisputeSerializer(RowSerializer[Dispute]):
    """A dispute: what is asked, what both sides stated, its mediators, settlements, outcome and remedies."""

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    buyer = serializers.CharField(source="agreement.buyer_identifier")
    seller = serializers.CharField(source="agreement.seller_identifier")
    opened_as_label = ChoiceLabelField(DisputeParty, source="opened_as")
    third_party = serializers.CharField(source="third_party.public_id", allow_null=True, default=None)
    reason_label = ChoiceLabelField(DisputeReason, source="reason_code")
    claims = KeptClaimSerializer(many=True)
    state_label = ChoiceLabelField(DisputeState, source="state")
    outcome_label = ChoiceLabelField(DisputeOutcome, source="outcome", allow_null=True)
    statements = DisputeStatementSerializer(many=True)
    files = DisputeFileSerializer(many=True)
    mediators = MediatorSerializer(many=True)
    settlements = SettlementSerializer(many=True)
    remedies = DisputeRemedySerializer(many=True)

    class Meta:
        model = Dispute
        fields = (
            "id", "agreement", "buyer", "seller", "opened_as", "opened_as_label", "third_party", "stake", "reason_code",
            "reason_label", "text", "claims", "opened_at", "accepted_at", "answer_by", "unanswered_at", "decide_by", "state",
            "state_label", "outcome", "outcome_label", "amount_minor", "finding", "resolved_at", "expels", "statements", "files",
            "mediators", "settlements", "remedies", "salt",
        )  # fmt: skip


class EvidenceReferenceSerializer(serializers.Serializer[dict[str, Any]]):
    """A record of the market about the agreement: `evidence-records/` proves it. ``sha256`` is of the file that it is about, or null."""

    record = serializers.CharField()
    kind = serializers.CharField()
    subject = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    sha256 = serializers.CharField(allow_null=True)
