"""Settlement instructions, transfer files and client accounts over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, InstantField, StrictSerializer, WaitingSerializer
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX

from ..ground.serializers import PartyField, PartyListSerializer, label_of
from .models import ClientAccount, SettlementInstruction, TransferFile
from .queries import PaymentReadings
from .reserve_models import REASON_LENGTH_MAX, ReserveReduction
from .restraint_models import CreditorPayment
from .states import TAKEN_OUT_REASON_LENGTH_MAX


class CreditorSerializer(serializers.ModelSerializer[CreditorPayment]):
    """Who is paid what is attached, and by which document."""

    restraint = serializers.CharField(source="restraint.public_id")
    payee_kind_label = serializers.SerializerMethodField()

    class Meta:
        model = CreditorPayment
        fields = ("restraint", "payee_kind", "payee_kind_label", "payee_name", "document", "document_sha256")

    @extend_schema_field(BilingualField)
    def get_payee_kind_label(self, creditor: CreditorPayment) -> dict[str, str]:
        """Label of the kind of payee."""
        return label_of(creditor, "payee_kind")


class InstructionListSerializer(PartyListSerializer):
    """A list of payments whose payees and waiting reasons are looked up together."""

    def to_representation(self, data: Any) -> Any:
        """Read the related rows of all payments first."""
        payments = list(data)
        context: Any = self.context
        context["payments"] = PaymentReadings(payments)
        return super().to_representation(payments)


class InstructionSerializer(serializers.ModelSerializer[SettlementInstruction]):
    """One settlement payment of a participant."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id", allow_null=True, default=None)
    organisation = PartyField("organisation_id")
    creditor = CreditorSerializer(source="creditor_payment", allow_null=True, default=None)
    instead_of = serializers.CharField(source="instead_of.public_id", allow_null=True, default=None)
    transfer_file = serializers.CharField(source="transfer_file.public_id", allow_null=True, default=None)
    state_label = serializers.SerializerMethodField()
    purpose_label = serializers.SerializerMethodField()
    held_back_label = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()

    class Meta:
        model = SettlementInstruction
        list_serializer_class = InstructionListSerializer
        fields = (
            "id", "cycle", "purpose", "purpose_label", "organisation", "creditor", "reference", "instead_of", "direction",
            "amount_minor", "currency", "state", "state_label", "held_back", "held_back_label", "waiting",
            "transfer_file", "value_date", "planned_at", "confirmed_at", "failed_at", "failure_reason", "alarmed_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, instruction: SettlementInstruction) -> dict[str, str]:
        """Label of the state."""
        return label_of(instruction, "state")

    @extend_schema_field(BilingualField)
    def get_purpose_label(self, instruction: SettlementInstruction) -> dict[str, str]:
        """Label of the purpose."""
        return label_of(instruction, "purpose")

    @extend_schema_field(BilingualField(allow_null=True))
    def get_held_back_label(self, instruction: SettlementInstruction) -> dict[str, str] | None:
        """Label of the reason why it cannot be sent; null if it can."""
        return label_of(instruction, "held_back") if instruction.held_back else None

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, instruction: SettlementInstruction) -> dict[str, Any] | None:
        """The reason why the payment waits; null once it is confirmed or replaced."""
        readings: PaymentReadings | None = self.context.get("payments")
        if readings is None or instruction.pk not in readings.payments:
            readings = PaymentReadings([instruction])
        found = readings.waiting(instruction)
        return found.as_dict() if found else None


class LeftOutPaymentSerializer(serializers.Serializer[Any]):
    """A planned payment that a file could not contain, and why: ``no_account``, ``abroad`` or ``no_route``."""

    reference = serializers.CharField()
    reason = serializers.CharField()


class TransferFileSerializer(serializers.ModelSerializer[TransferFile]):
    """A transfer file; ``left_out`` lists planned payments that it could not contain."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id", allow_null=True, default=None)
    left_out = LeftOutPaymentSerializer(many=True)

    class Meta:
        model = TransferFile
        fields = (
            "id", "cycle", "sha256", "records", "total_minor", "currency", "value_date", "left_out", "made_at",
        )  # fmt: skip


class ClientAccountSerializer(serializers.ModelSerializer[ClientAccount]):
    """The client account."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = ClientAccount
        fields = (
            "id", "currency", "requester_code", "requester_name", "bank_code", "bank_name", "branch_code",
            "branch_name", "account_type", "account_number", "effective_from", "registered_at",
        )  # fmt: skip


class ReserveReductionSerializer(serializers.ModelSerializer[ReserveReduction]):
    """A reduction of the reserve, which everybody can read before it takes effect."""

    id = serializers.CharField(source="public_id")
    lowered = serializers.SerializerMethodField(help_text="Whether the ledger has carried it out.")

    class Meta:
        model = ReserveReduction
        fields = ("id", "currency", "amount_minor", "reason", "effective_from", "decided_at", "lowered")

    def get_lowered(self, reduction: ReserveReduction) -> bool:
        """One that was just announced is not carried out."""
        return getattr(reduction, "lowered", False)


class LowerReserveSerializer(StrictSerializer):
    """By how much the reserve is lowered, why, and from when on."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=AMOUNT_MINOR_MAX)
    currency = serializers.CharField(min_length=3, max_length=3, required=False, default="JPY")
    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
    effective_from = InstantField(required=False, default=None, allow_null=True)


class CreateTransferFileSerializer(StrictSerializer):
    """The cycle, or the currency of payments of no cycle, whose planned payments the transfer file contains."""

    cycle = serializers.CharField(max_length=31, required=False)
    currency = serializers.CharField(min_length=3, max_length=3, required=False)


class FailSerializer(StrictSerializer):
    """The bank's notice that it did not make a payment."""

    reason = serializers.CharField(max_length=200)


class OwnMoneySerializer(StrictSerializer):
    """How much of its own money the operator pays into the client account."""

    amount_minor = serializers.IntegerField(min_value=1, max_value=AMOUNT_MINOR_MAX)
    currency = serializers.CharField(min_length=3, max_length=3, required=False, default="JPY")


class PermitPaymentSerializer(StrictSerializer):
    """The permission of an authority to pay somebody under sanctions."""

    number = serializers.CharField(max_length=100)
    authority = serializers.CharField(max_length=100)


class TakeOutSerializer(OwnMoneySerializer):
    """How much of its own money the operator takes out of the client account, and what it was."""

    reason = serializers.CharField(max_length=TAKEN_OUT_REASON_LENGTH_MAX)


class RegisterClientAccountSerializer(StrictSerializer):
    """The client account as transfer files name it."""

    currency = serializers.CharField(min_length=3, max_length=3)
    requester_code = serializers.CharField(max_length=10)
    requester_name = serializers.CharField(max_length=40)
    bank_code = serializers.CharField(max_length=4)
    bank_name = serializers.CharField(max_length=15, required=False, default="", allow_blank=True)
    branch_code = serializers.CharField(max_length=3)
    branch_name = serializers.CharField(max_length=15, required=False, default="", allow_blank=True)
    account_type = serializers.ChoiceField(choices=("ordinary", "current"))
    account_number = serializers.CharField(max_length=7)
    effective_from = InstantField(required=False, default=None, allow_null=True)
