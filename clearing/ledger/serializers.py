"""Accounts, postings, journal entries, balances, closed months and funds regimes over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, InstantField, StrictSerializer
from marketplace.kernel.amounts import TOTAL_MINOR_MAX
from marketplace.kernel.bounds import IDLE_DAYS_MAX

from ..ground.serializers import PartyField, PartyListSerializer, label_of
from .chart import NORMAL_SIDE
from .models import Account, Entry, FundsRegime, LedgerPeriod, Posting
from .states import FundsRegimeKind


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account and its balance, positive on the account's normal side; null where no balance is kept."""

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
        """Label of the kind."""
        return label_of(account, "kind")

    def get_balance_minor(self, account: Account) -> int | None:
        """The balance, positive on the account's normal side."""
        balance: int | None = account.balance_minor  # type: ignore[attr-defined]  # added by the query
        return None if balance is None else NORMAL_SIDE[account.kind] * balance


class PostingSerializer(serializers.ModelSerializer[Posting]):
    """One posting. ``amount_minor`` is signed: debit positive, credit negative."""

    entry = serializers.CharField(source="entry.public_id")
    kind = serializers.CharField(source="entry.kind")
    account = serializers.CharField(source="account.public_id")
    account_kind = serializers.CharField(source="account.kind")
    line_label = serializers.SerializerMethodField()
    business_date = serializers.DateField(source="entry.business_date")
    value_date = serializers.DateField(source="entry.value_date", allow_null=True)
    booked_at = serializers.DateTimeField(source="entry.booked_at")
    description = serializers.CharField(source="entry.description")
    cycle = serializers.CharField(source="entry.cycle.public_id", allow_null=True, default=None)
    trade = serializers.CharField(source="trade.public_id", allow_null=True, default=None)

    class Meta:
        model = Posting
        fields = (
            "entry", "leg", "kind", "line", "line_label", "account", "account_kind", "amount_minor", "currency",
            "business_date", "value_date", "booked_at", "description", "cycle", "trade",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_line_label(self, posting: Posting) -> dict[str, str]:
        """Label of the posting kind."""
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
        """Label of the kind."""
        words: dict[str, str] = row["label"].as_dict()
        return words


class ClientMoneySerializer(serializers.Serializer[Any]):
    """The segregation check: balance of the client account, the parts of participants and operator, and what must come back."""

    currency = serializers.CharField()
    bank_minor = serializers.IntegerField()
    owed_minor = serializers.IntegerField()
    operator_minor = serializers.IntegerField()
    outstanding_minor = serializers.IntegerField()


class FundsRegimeSerializer(serializers.ModelSerializer[FundsRegime]):
    """The right by which the market holds participants' money, and when it takes effect."""

    id = serializers.CharField(source="public_id")
    regime_label = serializers.SerializerMethodField()

    class Meta:
        model = FundsRegime
        fields = (
            "id", "currency", "regime", "regime_label", "legal_reference", "registration_number",
            "balance_cap_minor", "idle_days", "cross_border_allowed", "cross_border_basis", "effective_from",
            "declared_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_regime_label(self, regime: FundsRegime) -> dict[str, str]:
        """Label of the regime."""
        return label_of(regime, "regime")


class DeclareFundsRegimeSerializer(StrictSerializer):
    """Declaration of a funds regime; state ``cross_border_basis`` exactly if payments abroad are allowed."""

    currency = serializers.CharField(min_length=3, max_length=3)
    regime = serializers.ChoiceField(choices=FundsRegimeKind.values)
    legal_reference = serializers.CharField(max_length=500)
    registration_number = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    balance_cap_minor = serializers.IntegerField(min_value=1, max_value=TOTAL_MINOR_MAX)
    idle_days = serializers.IntegerField(min_value=1, max_value=IDLE_DAYS_MAX, required=False, default=5)
    cross_border_allowed = serializers.BooleanField(required=False, default=False)
    cross_border_basis = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    effective_from = InstantField(required=False, default=None, allow_null=True)


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """One journal entry; ``cause`` is the identifier of the row that caused it."""

    id = serializers.CharField(source="public_id")
    kind_label = serializers.SerializerMethodField()
    organisation = PartyField("organisation_id")
    trade = serializers.CharField(source="trade.public_id", allow_null=True, default=None)
    cycle = serializers.CharField(source="cycle.public_id", allow_null=True, default=None)

    class Meta:
        model = Entry
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "kind", "kind_label", "reference", "cause", "description", "business_date", "value_date",
            "booked_at", "recorded_at", "organisation", "trade", "cycle",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_kind_label(self, entry: Entry) -> dict[str, str]:
        """Label of the entry's kind."""
        return label_of(entry, "kind")


class BalancesAtSerializer(StrictSerializer):
    """The moment of the balances."""

    at = InstantField(
        required=False,
        allow_null=True,
        default=None,
        help_text="A past moment of business time; default now.",
    )


class BalancesSerializer(serializers.Serializer[Any]):
    """A participant's balances now or ``at`` a moment, by currency and kind of account, as the participant reads them."""

    organisation = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    balances = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))


class LedgerPeriodSerializer(serializers.ModelSerializer[LedgerPeriod]):
    """A closed month with the trial balances as of its last day."""

    id = serializers.CharField(source="public_id")
    trial_balances = serializers.DictField()

    class Meta:
        model = LedgerPeriod
        fields = ("id", "month", "entries", "trial_balances", "sha256", "closed_by", "closed_at")


class ClosePeriodSerializer(StrictSerializer):
    """The month to close, by any of its days."""

    month = serializers.DateField()
