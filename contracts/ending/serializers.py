"""Ends of agreements in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from listings.ending import RefundRule
from listings.states import Charging
from marketplace.api.serializers import BilingualField, ChoiceLabelField, RowSerializer, StrictSerializer

from .consequences import words_of
from .models import REASON_LENGTH_MAX, Ending
from .states import EndingGround, EndingParty, EndingState


class PeriodSerializer(serializers.Serializer[dict[str, Any]]):
    """The period that the price pays, and how many of its days are not enjoyed."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    days = serializers.IntegerField()
    unused_days = serializers.IntegerField()


class StillDueSerializer(serializers.Serializer[dict[str, Any]]):
    """Instalments of one amount, without tax, and the days on which they are due."""

    amount_minor = serializers.IntegerField()
    due_on = serializers.ListField(child=serializers.DateField())


class ConsequencesSerializer(serializers.Serializer[dict[str, Any]]):
    """What follows from the end: amounts in minor units, tax apart and at the rate of the contract.

    ``charge``: the number of the charge whose price is divided; ``still_due``: the instalments that are paid after the end, if the
    delivery was accepted. The digest leaves the tax out, which comes back as it was charged.
    """

    agreement = serializers.CharField()
    ground = serializers.ChoiceField(choices=EndingGround.choices)
    last_day = serializers.DateField()
    access_until = serializers.DateTimeField()
    refund = serializers.ChoiceField(choices=RefundRule.choices)
    charging = serializers.ChoiceField(choices=Charging.choices)
    charge = serializers.IntegerField(allow_null=True)
    period = PeriodSerializer(allow_null=True)
    still_due = StillDueSerializer(many=True)
    currency = serializers.CharField()
    tax_rate_bp = serializers.IntegerField()
    refund_minor = serializers.IntegerField()
    refund_tax_minor = serializers.IntegerField()
    kept_minor = serializers.IntegerField()
    kept_tax_minor = serializers.IntegerField()
    deletion = serializers.BooleanField()
    certificate_days = serializers.IntegerField()


class EndingPreviewSerializer(serializers.Serializer[dict[str, Any]]):
    """The consequences, in words too, and the digest that the command repeats."""

    consequences = ConsequencesSerializer()
    words = BilingualField()
    digest = serializers.CharField()


class EndingQuestionSerializer(StrictSerializer):
    """How the agreement would be ended."""

    ground = serializers.ChoiceField(choices=EndingGround.choices)
    last_day = serializers.DateField()
    refund = serializers.ChoiceField(choices=RefundRule.choices, required=False)


class EndAgreementSerializer(EndingQuestionSerializer):
    """How the agreement is ended, with the digest of the consequences that were read."""

    digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX, required=False, default="", allow_blank=True)


class EndByLawSerializer(StrictSerializer):
    """The last day that law leaves, why, and the digest of the consequences that were read."""

    last_day = serializers.DateField()
    digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class AcceptEndingSerializer(StrictSerializer):
    """The digest of the consequences that were read."""

    digest = serializers.RegexField(r"^[0-9a-f]{64}$")


class EndingSerializer(RowSerializer[Ending]):
    """The end of an agreement before its term: its ground, last day, state, and what follows from it."""

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    buyer = serializers.CharField(source="agreement.buyer_identifier")
    seller = serializers.CharField(source="agreement.seller_identifier")
    ground_label = ChoiceLabelField(EndingGround, source="ground")
    party_label = ChoiceLabelField(EndingParty, source="party")
    state_label = ChoiceLabelField(EndingState, source="state")
    consequences = ConsequencesSerializer()
    words = serializers.SerializerMethodField()

    class Meta:
        model = Ending
        fields = (
            "id", "agreement", "buyer", "seller", "ground", "ground_label", "party", "party_label", "last_day", "access_until",
            "refund", "refund_minor", "consequences", "words", "digest", "reason", "state", "state_label", "proposed_at", "respond_by",
            "answered_at", "closed_at", "salt",
        )  # fmt: skip

    def get_words(self, row: Ending) -> dict[str, str]:
        """The consequences in words, in both languages."""
        return words_of(row.consequences)
