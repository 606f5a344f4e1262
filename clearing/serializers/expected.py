"""What a participant will be paid, when, and why something waits."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField

from .parties import PartyField, PartyListSerializer


@extend_schema_field(BilingualField)
class WordsField(serializers.DictField):
    """A text in both languages, as the query gives it."""


class ExpectedPaymentSerializer(serializers.Serializer[Any]):
    """What one trade should bring. Amounts are in minor units; ``corrections_minor`` is signed as it adds to the net.

    ``counterparty`` is the buyer; of a share, the seller. ``estimate``: the tax on the fee is rounded over the whole cycle when it is netted. ``expected_on`` is null where
    the day is not known, or where something must happen first: ``reason`` says what.
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

    class Meta:
        list_serializer_class = PartyListSerializer


class ExpectedTotalSerializer(serializers.Serializer[Any]):
    """What is expected on a day; every part is signed as it adds to the net."""

    expected_on = serializers.DateField(allow_null=True)
    currency = serializers.CharField()
    sales_minor = serializers.IntegerField()
    shares_minor = serializers.IntegerField()
    fees_minor = serializers.IntegerField()
    fee_tax_minor = serializers.IntegerField()
    corrections_minor = serializers.IntegerField()
    net_minor = serializers.IntegerField()


class WaitingPaymentSerializer(serializers.Serializer[Any]):
    """A payment that the bank has not confirmed; ``failure_reason`` is what the bank said."""

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


class ExpectedPaymentsSerializer(serializers.Serializer[Any]):
    """A page of what is expected, with the totals of everything by day, and the payments that are under way."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ExpectedPaymentSerializer(many=True)
    totals = ExpectedTotalSerializer(many=True)
    payments = WaitingPaymentSerializer(many=True)
