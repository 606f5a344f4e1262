"""Reports over HTTP: expected payments, traced entries, trades that a cycle left out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.principal import actor_of
from marketplace.api.serializers import BilingualField, ChoiceLabelField, WaitingSerializer

from ..ground.serializers import PartyField, PartyListSerializer
from ..ledger.models import Entry
from ..ledger.queries import postings_of
from ..ledger.serializers import EntrySerializer, PostingSerializer
from ..trades.models import Obligation
from ..trades.states import TradeState
from .tracing import trace_entry


@extend_schema_field(BilingualField)
class WordsField(serializers.DictField):
    """A text in both languages, as the query gives it."""


class LeftOutSerializer(serializers.Serializer[Any]):
    """A trade that a cycle left out, why, and in which cycle it was cleared since."""

    trade = serializers.CharField(source="trade.public_id")
    business_key = serializers.CharField(source="trade.business_key")
    buyer = PartyField("trade.buyer_id")
    seller = PartyField("trade.seller_id")
    gross_minor = serializers.IntegerField(source="trade.gross_minor")
    currency = serializers.CharField(source="trade.currency")
    reason_code = serializers.CharField(
        source="reason.code", help_text="What it waited for at the cut-off: the code of a waiting reason."
    )
    reason = WordsField(source="reason.label.as_dict")
    state = serializers.ChoiceField(choices=TradeState.choices, source="trade.state")
    state_label = ChoiceLabelField(TradeState, source="trade.state")
    cleared_in = serializers.CharField(
        source="cycle.public_id",
        default=None,
        allow_null=True,
        help_text="The cycle that cleared it since; null if none has.",
    )

    class Meta:
        list_serializer_class = PartyListSerializer


class ExpectedPaymentSerializer(serializers.Serializer[Any]):
    """The expected payment of one trade, in minor units; ``corrections_minor`` is signed as it adds to the net.

    ``counterparty`` is the buyer; of a share, the seller. ``estimate``: the tax on the fee is rounded over the whole cycle
    at netting. ``expected_on`` is null if the day is not known or something must happen first; ``reason`` says what.
    """

    role = serializers.ChoiceField(choices=("seller", "beneficiary"))
    trade = serializers.CharField()
    agreement = serializers.CharField()
    purchase_order = serializers.CharField(allow_null=True)
    counterparty = PartyField("counterparty_id")
    currency = serializers.CharField()
    gross_minor = serializers.IntegerField()
    fee_minor = serializers.IntegerField()
    fee_tax_minor = serializers.IntegerField()
    corrections_minor = serializers.IntegerField()
    net_minor = serializers.IntegerField()
    estimate = serializers.BooleanField()
    state = serializers.CharField()
    state_label = WordsField()
    cycle = serializers.CharField(allow_null=True)
    fund_by = serializers.DateTimeField(allow_null=True)
    pay_by = serializers.DateField(allow_null=True)
    cut_off_at = serializers.DateTimeField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True)
    reason_code = serializers.CharField()
    reason = WordsField()
    waiting = WaitingSerializer()

    class Meta:
        list_serializer_class = PartyListSerializer


class ExpectedTotalSerializer(serializers.Serializer[Any]):
    """Expected payments of a day; every part is signed as it adds to the net."""

    expected_on = serializers.DateField(allow_null=True)
    currency = serializers.CharField()
    sales_minor = serializers.IntegerField()
    shares_minor = serializers.IntegerField()
    fees_minor = serializers.IntegerField()
    fee_tax_minor = serializers.IntegerField()
    corrections_minor = serializers.IntegerField()
    net_minor = serializers.IntegerField()


class WaitingPaymentSerializer(serializers.Serializer[Any]):
    """A payment that the bank has not confirmed; ``failure_reason`` is the bank's notice."""

    payment = serializers.CharField()
    reference = serializers.CharField()
    cycle = serializers.CharField()
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField()
    state = serializers.CharField()
    failure_reason = serializers.CharField()
    cut_off_at = serializers.DateTimeField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True)
    reason_code = serializers.CharField()
    reason = WordsField()
    waiting = WaitingSerializer()


class ExpectedPaymentsSerializer(serializers.Serializer[Any]):
    """A page of expected payments, the totals of all by day, and the payments in progress."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ExpectedPaymentSerializer(many=True)
    totals = ExpectedTotalSerializer(many=True)
    payments = WaitingPaymentSerializer(many=True)


class TracedEntrySerializer(EntrySerializer):
    """A journal entry with its postings, traced ``back`` to trade, agreement and evidence and ``forward`` to the bank."""

    postings = serializers.SerializerMethodField()
    trace = serializers.SerializerMethodField()

    class Meta(EntrySerializer.Meta):
        fields = (*EntrySerializer.Meta.fields, "postings", "trace")  # type: ignore[assignment]

    @extend_schema_field(PostingSerializer(many=True))
    def get_postings(self, entry: Entry) -> Any:
        """The postings on accounts that the caller may see."""
        rows = postings_of(entry, actor_of(self.context["request"]))
        return PostingSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_trace(self, entry: Entry) -> dict[str, Any]:
        """The trace of the money, backward and forward."""
        return trace_entry(entry)


class TracedObligationSerializer(serializers.ModelSerializer[Obligation]):
    """One obligation in a posting of a cycle's journal entry. ``amount_minor`` excludes ``tax_minor``."""

    trade = serializers.CharField(source="trade.public_id")
    agreement = serializers.CharField(source="trade.agreement")
    business_key = serializers.CharField(source="trade.business_key")
    debtor = PartyField("debtor_id")
    creditor = PartyField("creditor_id")

    class Meta:
        model = Obligation
        list_serializer_class = PartyListSerializer
        fields = (
            "kind", "trade", "agreement", "business_key", "debtor", "creditor", "amount_minor", "tax_minor",
            "tax_rate_bp", "currency", "legal_basis", "made_at",
        )  # fmt: skip
