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
from .debit_models import DebitBooking
from .models import BankEntry, BankStatement, StatementImport, UnconfirmedReceipt
from .queries import open_minor
from .states import DebitKind, ImportState
from .waiting import waiting_of_bank_entry, waiting_of_debit_booking, waiting_of_statement_import


class PayInReferenceSerializer(serializers.Serializer[Any]):
    """The pay-in reference, which a participant states in the remittance text."""

    organisation = serializers.CharField()
    reference = serializers.CharField()


class BankStatementSerializer(serializers.ModelSerializer[BankStatement]):
    """An imported bank statement; ``confirmed_by`` is the second person of its import, where its receipts reach the limit."""

    id = serializers.CharField(source="public_id")
    added = serializers.IntegerField()
    confirmed_by = serializers.CharField(source="confirmation.confirmed_by", allow_null=True, default=None)

    class Meta:
        model = BankStatement
        fields = (
            "id", "number", "currency", "account", "file_name", "sha256", "lines", "added", "opening_on", "closing_on",
            "opening_balance_minor", "closing_balance_minor", "credits", "credits_minor", "debits", "debits_minor",
            "ledger_balance_minor", "confirmed_by", "imported_by", "imported_at",
        )  # fmt: skip


class StatementFaultSerializer(serializers.Serializer[Any]):
    """Why a bank statement was refused; ``line`` is null where no line is at fault."""

    line = serializers.IntegerField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    message = BilingualField()


class StatementImportSerializer(serializers.ModelSerializer[StatementImport]):
    """An uploaded bank statement: on its way, imported as ``statement``, or refused with its ``faults``.

    While it waits for confirmation its hash and closing balance are not shown: the second person reads them at the bank.
    """

    id = serializers.CharField(source="public_id")
    statement = BankStatementSerializer(allow_null=True)
    state_label = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()
    closing_balance_minor = serializers.SerializerMethodField()
    faults = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()
    confirmed_by = serializers.CharField(source="confirmation.confirmed_by", allow_null=True, default=None)

    class Meta:
        model = StatementImport
        fields = (
            "id", "state", "state_label", "waiting", "file_name", "sha256", "currency", "opening_on", "closing_on",
            "closing_balance_minor", "credits_minor", "faults", "statement", "job", "received_by", "received_at",
            "confirmed_by", "ended_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, row: StatementImport) -> dict[str, str]:
        """Label of the state."""
        return label_of(row, "state")

    def get_sha256(self, row: StatementImport) -> str | None:
        """SHA-256 of the file; null while it waits for confirmation."""
        return None if row.state == ImportState.AWAITING_CONFIRMATION else row.sha256

    def get_closing_balance_minor(self, row: StatementImport) -> int | None:
        """The closing balance that the file states; null before it is read and while it waits for confirmation."""
        return None if row.state == ImportState.AWAITING_CONFIRMATION else row.closing_balance_minor

    @extend_schema_field(StatementFaultSerializer(many=True))
    def get_faults(self, row: StatementImport) -> list[dict[str, Any]]:
        """What is wrong with the file, by line and column; nothing was imported."""
        return list(row.faults)

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, row: StatementImport) -> dict[str, Any] | None:
        """What the import waits for; null while its job is at work, and once it is over."""
        found = waiting_of_statement_import(row)
        return found.as_dict() if found else None


class ConfirmStatementSerializer(StrictSerializer):
    """What the second person read at the bank: the SHA-256 of the downloaded file, and the closing balance."""

    sha256 = serializers.RegexField(r"^\s*[0-9A-Fa-f]{64}\s*$")
    closing_balance_minor = serializers.IntegerField(min_value=-TOTAL_MINOR_MAX, max_value=TOTAL_MINOR_MAX)


class UnconfirmedReceiptSerializer(serializers.ModelSerializer[UnconfirmedReceipt]):
    """A receipt of a statement that waits for confirmation; it spends nothing yet."""

    id = serializers.CharField(source="public_id")
    statement_import = serializers.CharField(source="statement_import.public_id")
    state = serializers.CharField(source="statement_import.state")
    organisation = PartyField("organisation_id")

    class Meta:
        model = UnconfirmedReceipt
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "statement_import", "state", "line", "booked_on", "amount_minor", "currency", "remittance_information",
            "organisation",
        )  # fmt: skip


class BankEntrySerializer(serializers.ModelSerializer[BankEntry]):
    """One bank entry and what it was recognised as; ``mismatch_code`` says why it was not recognised."""

    id = serializers.CharField(source="public_id")
    statement = serializers.CharField(source="statement.public_id")
    organisation = PartyField("organisation_id")
    instruction = serializers.CharField(source="instruction.public_id", allow_null=True, default=None)
    transfer_file = serializers.CharField(source="transfer_file.public_id", allow_null=True, default=None)
    match_label = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()

    class Meta:
        model = BankEntry
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "statement", "entry_reference", "booked_on", "direction", "amount_minor", "currency",
            "counterparty_name", "counterparty_account", "remittance_information", "match", "match_label",
            "mismatch_code", "organisation", "instruction", "transfer_file", "waiting",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_match_label(self, entry: BankEntry) -> dict[str, str]:
        """Label of the match."""
        return label_of(entry, "match")

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, entry: BankEntry) -> dict[str, Any] | None:
        """What the operator has to find out; null once the entry is recognised or decided on."""
        found = waiting_of_bank_entry(entry)
        return found.as_dict() if found else None


class DebitBookingSerializer(serializers.ModelSerializer[DebitBooking]):
    """What two people booked a debit as; ``open_minor`` is what of a reclaimed one has not come back."""

    id = serializers.CharField(source="public_id")
    bank_entry = serializers.CharField(source="bank_entry.public_id")
    amount_minor = serializers.IntegerField(source="bank_entry.amount_minor")
    currency = serializers.CharField(source="bank_entry.currency")
    booked_as_label = serializers.SerializerMethodField()
    instruction = serializers.CharField(source="instruction.public_id", allow_null=True, default=None)
    organisation = PartyField("organisation_id")
    open_minor = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()

    class Meta:
        model = DebitBooking
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "bank_entry", "booked_as", "booked_as_label", "amount_minor", "currency", "open_minor", "instruction",
            "organisation", "waiting", "reason", "first_person", "decided_by", "decided_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_booked_as_label(self, booking: DebitBooking) -> dict[str, str]:
        """Label of the kind."""
        return label_of(booking, "booked_as")

    def get_open_minor(self, booking: DebitBooking) -> int:
        """What has still to come back; 0 for a bank fee."""
        if booking.booked_as == DebitKind.BANK_FEE:
            return 0
        recouped_minor: int | None = getattr(booking, "recouped_minor", None)
        if recouped_minor is None:
            return open_minor(booking)
        return booking.bank_entry.amount_minor - recouped_minor

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, booking: DebitBooking) -> dict[str, Any] | None:
        """Who has still to return the money; null once it is closed."""
        found = waiting_of_debit_booking(booking, self.get_open_minor(booking))
        return found.as_dict() if found else None


class BookDebitSerializer(StrictSerializer):
    """What a debit in suspense was; ``instruction`` only for a payment that was carried out twice."""

    booked_as = serializers.ChoiceField(choices=DebitKind.values)
    reason = serializers.CharField(max_length=200)
    instruction = serializers.CharField(max_length=31, required=False, allow_null=True, default=None)


class RecoupSerializer(StrictSerializer):
    """The booked debit that a receipt returns."""

    debit = serializers.CharField(max_length=31)


class UploadStatementSerializer(StrictSerializer):
    """A bank statement: Zengin 入出金取引明細, ISO 20022 camt.053, or the market's CSV in UTF-8."""

    file = serializers.FileField()


class AllocateSerializer(StrictSerializer):
    """Who owns a pay-in: a participant, or the operator, which says in ``reason`` why it is its own money."""

    organisation = serializers.CharField(max_length=31)
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


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
        return sorted(currency for currency, by in context["shut"].items() if by.restoration == restoration)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_opened(self, restoration: Restoration) -> list[str]:
        """Currencies in which sending was opened."""
        return sorted(opening.currency for opening in restoration.openings.all())


class OpenSendingSerializer(StrictSerializer):
    """The currency in which payments may be sent again."""

    currency = serializers.CharField(min_length=3, max_length=3)
