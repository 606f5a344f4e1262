"""Accounts, movements and the books."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField

from ..chart import NORMAL_SIDE
from ..models import Account, Posting
from .parties import PartyField, PartyListSerializer, label_of


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account and its balance, positive on its normal side; null where no balance is kept."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    kind_label = serializers.SerializerMethodField()
    balance_minor = serializers.SerializerMethodField()

    class Meta:
        model = Account
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "code", "organisation", "kind", "kind_label", "currency", "balance_minor", "opened_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_kind_label(self, account: Account) -> dict[str, str]:
        """The kind in words."""
        return label_of(account, "kind")

    def get_balance_minor(self, account: Account) -> int | None:
        """The balance as its owner reads it."""
        balance: int | None = account.balance_minor  # type: ignore[attr-defined]  # added by the query
        return None if balance is None else NORMAL_SIDE[account.kind] * balance


class StatementLineSerializer(serializers.ModelSerializer[Posting]):
    """One movement on an account. ``amount_minor`` is signed: debit positive, credit negative."""

    entry = serializers.CharField(source="entry.public_id")
    kind = serializers.CharField(source="entry.kind")
    account = serializers.CharField(source="account.public_id")
    account_kind = serializers.CharField(source="account.kind")
    line_label = serializers.SerializerMethodField()
    business_date = serializers.DateField(source="entry.business_date")
    booked_at = serializers.DateTimeField(source="entry.booked_at")
    description = serializers.CharField(source="entry.description")
    cycle = serializers.CharField(source="entry.cycle.public_id", allow_null=True, default=None)
    trade = serializers.CharField(source="trade.public_id", allow_null=True, default=None)

    class Meta:
        model = Posting
        fields = (
            "entry", "leg", "kind", "line", "line_label", "account", "account_kind", "amount_minor", "currency",
            "business_date", "booked_at", "description", "cycle", "trade",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_line_label(self, posting: Posting) -> dict[str, str]:
        """What the movement is, in words."""
        return label_of(posting, "line")


class TrialBalanceSerializer(serializers.Serializer[Any]):
    """Debits, credits and balance of one kind of account."""

    kind = serializers.CharField()
    kind_label = serializers.SerializerMethodField()
    debit_minor = serializers.IntegerField()
    credit_minor = serializers.IntegerField()
    balance_minor = serializers.IntegerField()
    normal_side = serializers.CharField()

    @extend_schema_field(BilingualField)
    def get_kind_label(self, row: dict[str, Any]) -> dict[str, str]:
        """The kind in words."""
        words: dict[str, str] = row["label"].as_dict()
        return words


class ClientMoneySerializer(serializers.Serializer[Any]):
    """The segregation check: what stands on the client account, and whose it is."""

    currency = serializers.CharField()
    bank_minor = serializers.IntegerField()
    owed_minor = serializers.IntegerField()
    operator_minor = serializers.IntegerField()


class DepositReferenceSerializer(serializers.Serializer[Any]):
    """What a participant states in the remittance text when it pays in."""

    organisation = serializers.CharField()
    reference = serializers.CharField()
