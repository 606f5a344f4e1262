"""Bank statements, bank entries and the pay-in reference over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, StrictSerializer, WaitingSerializer
from marketplace.kernel.amounts import TOTAL_MINOR_MAX

from ..ground.serializers import PartyField, PartyListSerializer, label_of
from ..settlement.models import Restoration
from ..settlement.restorations import paying_currencies, shut_currencies
from .models import BankEntry, BankStatement, StatementImport
from .waiting import waiting_of_bank_entry


class PayInReferenceSerializer(serializers.Serializer[Any]):
    """The pay-in reference, which a participant states in the remittance text."""

    organisation = serializers.CharField()
    reference = serializers.CharField()


class BankStatementSerializer(serializers.ModelSerializer[BankStatement]):
    """An imported bank statement."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = BankStatement
        fields = (
            "id", "file_name", "sha256", "lines", "added", "closing_currency", "closing_balance_minor", "closing_on",
            "ledger_balance_minor", "imported_by", "imported_at",
        )  # fmt: skip


class StatementFaultSerializer(serializers.Serializer[Any]):
    """Why a bank statement was refused; ``line`` is null where no line is at fault."""

    line = serializers.IntegerField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    message = BilingualField()


class StatementImportSerializer(serializers.ModelSerializer[StatementImport]):
    """An uploaded bank statement: received, imported as ``statement``, or refused with its ``faults``."""

    id = serializers.CharField(source="public_id")
    statement = BankStatementSerializer(allow_null=True)
    state_label = serializers.SerializerMethodField()
    faults = serializers.SerializerMethodField()

    class Meta:
        model = StatementImport
        fields = (
            "id", "state", "state_label", "file_name", "sha256", "closing_currency", "closing_balance_minor", "closing_on",
            "faults", "statement", "job", "received_by", "received_at", "ended_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, row: StatementImport) -> dict[str, str]:
        """Label of the state."""
        return label_of(row, "state")

    @extend_schema_field(StatementFaultSerializer(many=True))
    def get_faults(self, row: StatementImport) -> list[dict[str, Any]]:
        """What is wrong with the file, by line and column; nothing was imported."""
        return list(row.faults)


class BankEntrySerializer(serializers.ModelSerializer[BankEntry]):
    """One bank entry and what it was recognised as; ``mismatch_code`` says why it was not recognised."""

    id = serializers.CharField(source="public_id")
    statement = serializers.CharField(source="statement.public_id")
    organisation = PartyField("organisation_id")
    instruction = serializers.CharField(source="instruction.public_id", allow_null=True, default=None)
    match_label = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()

    class Meta:
        model = BankEntry
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "statement", "entry_reference", "booked_on", "direction", "amount_minor", "currency",
            "counterparty_name", "counterparty_account", "remittance_information", "match", "match_label",
            "mismatch_code", "organisation", "instruction", "waiting",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_match_label(self, entry: BankEntry) -> dict[str, str]:
        """Label of the match."""
        return label_of(entry, "match")

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, entry: BankEntry) -> dict[str, Any] | None:
        """What the operator has to find out; null once the entry is recognised or allocated."""
        found = waiting_of_bank_entry(entry)
        return found.as_dict() if found else None


class UploadStatementSerializer(StrictSerializer):
    """A bank statement as CSV in UTF-8, with the bank's closing balance, and the day at whose end it was that, if known."""

    file = serializers.FileField()
    closing_balance_minor = serializers.IntegerField(
        required=False, min_value=-TOTAL_MINOR_MAX, max_value=TOTAL_MINOR_MAX
    )
    closing_on = serializers.DateField(required=False)
    closing_currency = serializers.CharField(required=False, min_length=3, max_length=3)


class AllocateSerializer(StrictSerializer):
    """The participant that owns a pay-in."""

    organisation = serializers.CharField(max_length=31)


class RestorationSerializer(serializers.ModelSerializer[Restoration]):
    """A restoration of the database; ``shut`` lists the currencies in which payments are not sent because of it."""

    id = serializers.CharField(source="public_id")
    shut = serializers.SerializerMethodField()
    opened = serializers.SerializerMethodField()

    class Meta:
        model = Restoration
        fields = ("id", "number", "restored_to", "happened_at", "recorded_by", "shut", "opened")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_shut(self, restoration: Restoration) -> list[str]:
        """Currencies with a client account in which sending is shut; none for an older restoration."""
        context: Any = self.context
        if "shut" not in context:
            # Read once for all rows of a response.
            context["shut"] = shut_currencies(paying_currencies())
        return sorted(currency for currency, by in context["shut"].items() if by == restoration)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_opened(self, restoration: Restoration) -> list[str]:
        """Currencies in which sending was opened."""
        return sorted(opening.currency for opening in restoration.openings.all())


class OpenSendingSerializer(StrictSerializer):
    """The currency in which payments may be sent again."""

    currency = serializers.CharField(min_length=3, max_length=3)
