"""The API of talks about the price of commissioned work."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import talks
from .models import TEXT_LENGTH_MAX
from .states import TalkAnswer, TalkFlag, TalkState
from .talk_models import PriceTalk


class PriceTalkSerializer(RowSerializer[PriceTalk]):
    """A talk about the price. ``flag``: what the law forbids of the answer."""

    id = serializers.CharField(source="public_id")
    negotiation = serializers.CharField(source="negotiation.public_id")
    buyer = serializers.CharField(source="negotiation.buyer_identifier")
    seller = serializers.CharField(source="negotiation.seller_identifier")
    adjustment = serializers.CharField(source="adjustment.public_id", allow_null=True, default=None)
    state_label = ChoiceLabelField(TalkState, source="state")
    answer_label = ChoiceLabelField(TalkAnswer, source="answer", allow_null=True)
    flag_label = ChoiceLabelField(TalkFlag, source="flag", allow_null=True)

    class Meta:
        model = PriceTalk
        fields = (
            "id", "negotiation", "buyer", "seller", "reason", "asked_by", "asked_at", "answer_by", "reminded_at", "state",
            "state_label", "answer", "answer_label", "answer_reason", "added_minor", "adjustment", "answered_by", "answered_at", "flag", "flag_label",
            "flagged_at", "salt",
        )  # fmt: skip


class AskForTalkSerializer(StrictSerializer):
    """Why the seller asks to talk about the price."""

    negotiation = serializers.CharField(max_length=31)
    reason = serializers.CharField(max_length=TEXT_LENGTH_MAX)


class AnswerTalkSerializer(StrictSerializer):
    """The buyer's answer, with its reasons. ``added_minor``: what it pays in addition, without tax, where it agrees while the agreement
    is in force."""

    answer = serializers.ChoiceField(choices=TalkAnswer.choices)
    reason = serializers.CharField(max_length=TEXT_LENGTH_MAX, required=False, default="", allow_blank=True)
    added_minor = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class PriceTalkViewSet(MarketReadViewSet[PriceTalk]):
    """Talks about the price of commissioned work, of the caller's negotiations; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = PriceTalkSerializer
    queryset = PriceTalk.objects.none()
    filterset_fields = ("state", "flag")

    def get_queryset(self) -> QuerySet[PriceTalk]:
        """Rows in the caller's scope."""
        rows = PriceTalk.objects.select_related("negotiation", "adjustment")
        if self.actor.may_see():
            return rows
        own = self.actor.organisation_id
        return rows.filter(Q(negotiation__buyer_id=own) | Q(negotiation__seller_id=own))

    @create_command(
        summary="Ask to talk about the price of commissioned work",
        request=AskForTalkSerializer,
        response=PriceTalkSerializer,
        needs=Permission.NEGOTIATIONS_WRITE,
        example={
            "negotiation": "ngt_01JQWXYZ0123456789ABCDEFGH",
            "reason": "測定機器の保守費が15%上がりました。",
        },
    )
    def create(self, data: dict[str, Any]) -> PriceTalk:
        """Ask, as the seller, in a negotiation or while its agreement is in force; the buyer answers within 14 days."""
        return talks.ask_for_talk(actor=self.actor, **data)

    @command(
        summary="Answer a talk about the price",
        needs=Permission.NEGOTIATIONS_WRITE,
        request=AnswerTalkSerializer,
        response=PriceTalkSerializer,
        example={"answer": "partly", "reason": "保守費の上昇分の半額を次回の価格に反映します。"},
        moves_money=True,
    )
    def answer(self, data: dict[str, Any], public_id: str) -> PriceTalk:
        """Answer, as the buyer, with reasons; a refusal without them is flagged. While the agreement is in force a signatory agrees, and what
        is paid in addition is owed at once."""
        return talks.answer_talk(actor=self.actor, talk=public_id, **data)
