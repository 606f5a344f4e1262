"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, StrictSerializer
from marketplace.participants.queries import organisations_by_id

from .chart import NORMAL_SIDE
from .models import (
    Account,
    BankEntry,
    BankStatement,
    ClientAccount,
    Cycle,
    Invoice,
    NetPosition,
    Posting,
    SettlementInstruction,
    Trade,
    TransferFile,
)
from .queries import waiting_for


class PartyField(serializers.CharField):
    """The public identifier of the organisation whose key a column holds; all of a response in one query."""

    def __init__(self, source: str) -> None:
        """``source`` is the key column, ``buyer_id``."""
        super().__init__(source=source, read_only=True, allow_null=True)

    def to_representation(self, value: Any) -> str:
        """The public identifier."""
        return _identifiers(self.context, [value])[value]


def _identifiers(context: Any, keys: Iterable[int]) -> dict[int, str]:
    """Public identifiers of organisations, remembered in the context of the response."""
    known: dict[int, str] = context.setdefault("parties", {})
    missing = set(keys) - set(known)
    if missing:
        known.update({key: view.public_id for key, view in organisations_by_id(missing).items()})
    return known


class PartyListSerializer(serializers.ListSerializer[Any]):
    """A list whose organisations are looked up together."""

    def to_representation(self, data: Any) -> Any:
        """Look up every organisation of the page first."""
        rows = list(data)
        child: Any = self.child
        fields = [field for field in child.fields.values() if isinstance(field, PartyField)]
        keys: set[Any] = {field.get_attribute(row) for field in fields for row in rows}
        _identifiers(self.context, keys - {None})
        return super().to_representation(rows)


class TradeSerializer(serializers.ModelSerializer[Trade]):
    """A trade as its parties see it. ``cleared``: the cycle that it was cleared in is posted."""

    id = serializers.CharField(source="public_id")
    buyer = PartyField("buyer_id")
    seller = PartyField("seller_id")
    state_label = serializers.SerializerMethodField()
    cleared = serializers.BooleanField()

    class Meta:
        model = Trade
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "business_key", "agreement", "reference", "listing", "listing_version", "segment", "buyer",
            "seller", "currency", "price_minor", "tax_minor", "tax_rate_bp", "gross_minor", "fee_minor",
            "fee_payer", "tariff", "rulebook", "fee_tiered", "state", "state_label", "cleared", "inspection_days", "fund_by",
            "concluded_at", "secured_at", "accepted_at", "ended_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, trade: Trade) -> dict[str, str]:
        """The state in words."""
        return label_of(trade, "state")


def label_of(row: Any, field: str) -> dict[str, str]:
    """The words for a coded value of a row, in both languages."""
    choices: dict[str, Any] = dict(row._meta.get_field(field).choices)
    words: dict[str, str] = choices[getattr(row, field)].as_dict()
    return words


class CycleSerializer(serializers.ModelSerializer[Cycle]):
    """A cycle as everybody sees it: what it came to, and the hashes it commits to."""

    id = serializers.CharField(source="public_id")
    state_label = serializers.SerializerMethodField()
    waits_for = serializers.SerializerMethodField()

    class Meta:
        model = Cycle
        fields = (
            "id", "business_key", "currency", "number", "state", "state_label", "waits_for", "opened_at",
            "closed_at", "trades", "gross_minor", "net_minor", "payments_before", "payments_after",
            "input_hash", "trades_root", "output_hash", "merkle_root", "posted_at", "settled_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, cycle: Cycle) -> dict[str, str]:
        """The state in words."""
        return label_of(cycle, "state")

    @extend_schema_field(BilingualField(allow_null=True))
    def get_waits_for(self, cycle: Cycle) -> dict[str, str] | None:
        """What the cycle waits for, or null while it goes on by itself or is over."""
        words = waiting_for(cycle)
        return words.as_dict() if words else None


class PositionSerializer(serializers.ModelSerializer[NetPosition]):
    """What a cycle came to for a participant. Amounts are signed as they add to the net."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id")
    organisation = PartyField("organisation_id")

    class Meta:
        model = NetPosition
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "cycle", "organisation", "currency", "purchases_minor", "purchase_tax_minor", "sales_minor",
            "sales_tax_minor", "fees_minor", "fee_tax_minor", "fee_refunds_minor", "fee_refund_tax_minor",
            "corrections_paid_minor", "corrections_received_minor", "net_minor",
        )  # fmt: skip


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


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """An invoice as it was issued; ``document`` is all that is printed on it."""

    id = serializers.CharField(source="public_id")
    issuer = PartyField("issuer_id")
    recipient = PartyField("recipient_id")
    cycle = serializers.CharField(source="cycle.public_id")
    trade = serializers.CharField(source="obligation.trade.public_id", allow_null=True, default=None)
    document = serializers.DictField()

    class Meta:
        model = Invoice
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "number", "purpose", "kind", "issuer", "recipient", "cycle", "trade", "issued_on", "currency",
            "net_minor", "tax_minor", "total_minor", "document",
        )  # fmt: skip


class InstructionSerializer(serializers.ModelSerializer[SettlementInstruction]):
    """One settlement payment of a participant."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id")
    organisation = PartyField("organisation_id")
    transfer_file = serializers.CharField(source="transfer_file.public_id", allow_null=True, default=None)
    state_label = serializers.SerializerMethodField()

    class Meta:
        model = SettlementInstruction
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "cycle", "organisation", "reference", "direction", "amount_minor", "currency", "state",
            "state_label", "transfer_file", "value_date", "planned_at", "confirmed_at", "failed_at",
            "failure_reason",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, instruction: SettlementInstruction) -> dict[str, str]:
        """The state in words."""
        return label_of(instruction, "state")


class TransferFileSerializer(serializers.ModelSerializer[TransferFile]):
    """A file of payments for the bank."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id")

    class Meta:
        model = TransferFile
        fields = ("id", "cycle", "sha256", "records", "total_minor", "currency", "value_date", "made_at")


class BankStatementSerializer(serializers.ModelSerializer[BankStatement]):
    """An imported statement of the client account."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = BankStatement
        fields = ("id", "file_name", "sha256", "lines", "added", "imported_by", "imported_at")


class BankEntrySerializer(serializers.ModelSerializer[BankEntry]):
    """One booking of the bank and what it was recognised as; ``mismatch_code`` says why it was not."""

    id = serializers.CharField(source="public_id")
    statement = serializers.CharField(source="statement.public_id")
    organisation = PartyField("organisation_id")
    instruction = serializers.CharField(source="instruction.public_id", allow_null=True, default=None)
    match_label = serializers.SerializerMethodField()

    class Meta:
        model = BankEntry
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "statement", "entry_reference", "booked_on", "direction", "amount_minor", "currency",
            "counterparty_name", "counterparty_account", "remittance_information", "match", "match_label",
            "mismatch_code", "organisation", "instruction",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_match_label(self, entry: BankEntry) -> dict[str, str]:
        """What it was recognised as, in words."""
        return label_of(entry, "match")


class ClientAccountSerializer(serializers.ModelSerializer[ClientAccount]):
    """The bank account that holds participants' money."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = ClientAccount
        fields = (
            "id", "currency", "requester_code", "requester_name", "bank_code", "bank_name", "branch_code",
            "branch_name", "account_type", "account_number", "registered_at",
        )  # fmt: skip


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


class TradeProofSerializer(serializers.Serializer[Any]):
    """A trade's line in its cycle, and the path of hashes from it to the cycle's root."""

    trade = serializers.CharField()
    cycle = serializers.CharField()
    line = serializers.CharField()
    index = serializers.IntegerField()
    size = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    trades_root = serializers.CharField()
    positions_root = serializers.CharField()
    merkle_root = serializers.CharField()


class OpenCycleSerializer(StrictSerializer):
    """The currency in which clearing begins."""

    currency = serializers.CharField(min_length=3, max_length=3)


class UploadStatementSerializer(StrictSerializer):
    """A statement of the client account as CSV in UTF-8."""

    file = serializers.FileField()


class CreateTransferFileSerializer(StrictSerializer):
    """The cycle whose planned payments are written into a file."""

    cycle = serializers.CharField(max_length=31)


class AllocateSerializer(StrictSerializer):
    """The participant that a receipt belongs to."""

    organisation = serializers.CharField(max_length=31)


class FailSerializer(StrictSerializer):
    """What the bank told about a payment that it did not carry out."""

    reason = serializers.CharField(max_length=200)


class RegisterClientAccountSerializer(StrictSerializer):
    """The account that holds participants' money, as transfer files name it."""

    currency = serializers.CharField(min_length=3, max_length=3)
    requester_code = serializers.CharField(max_length=10)
    requester_name = serializers.CharField(max_length=40)
    bank_code = serializers.CharField(max_length=4)
    bank_name = serializers.CharField(max_length=15, required=False, default="", allow_blank=True)
    branch_code = serializers.CharField(max_length=3)
    branch_name = serializers.CharField(max_length=15, required=False, default="", allow_blank=True)
    account_type = serializers.ChoiceField(choices=("ordinary", "current"))
    account_number = serializers.CharField(max_length=7)
