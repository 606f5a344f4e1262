"""Security deposits, claims and shortfalls over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import (
    AmountField,
    BilingualField,
    InstantField,
    StrictSerializer,
    WaitingSerializer,
)
from marketplace.participants.states import AccountType

from ..ground.serializers import PartyField, PartyListSerializer, label_of
from ..settlement.restraint_models import SetOffRestraint
from ..settlement.states import CreditorKind, RestraintKind
from .bad_debt_models import FeeWriteOff, TaxRelief
from .models import SetOff, Shortfall
from .queries import open_claims, open_deferrals
from .waiting import waiting_of_shortfall


class FundsSerializer(serializers.Serializer[Any]):
    """A participant's funds in one currency; ``claim_minor`` is what it owes the reserve."""

    organisation = serializers.CharField()
    currency = serializers.CharField()
    available_minor = serializers.IntegerField()
    deposit_minor = serializers.IntegerField()
    claim_minor = serializers.IntegerField()


class PayDepositSerializer(StrictSerializer):
    """The amount of available money to keep back as a security deposit."""

    amount_minor = AmountField()
    currency = serializers.CharField(max_length=3, default="JPY")


class OfParticipantSerializer(PayDepositSerializer):
    """An amount of a participant, and the operator's reason."""

    organisation = serializers.CharField(max_length=31)
    reason = serializers.CharField(max_length=200)


class ShortfallListSerializer(PartyListSerializer):
    """Shortfalls whose participants and claims are looked up together."""

    def to_representation(self, data: Any) -> Any:
        """Read the related rows of all shortfalls first."""
        shortfalls = list(data)
        context: Any = self.context
        context["claims"] = open_claims(shortfalls)
        context["deferrals"] = open_deferrals({row.cycle_id for row in shortfalls})
        return super().to_representation(shortfalls)


class ShortfallSerializer(serializers.ModelSerializer[Shortfall]):
    """A shortfall of a participant in a cycle: what the reserve lent and what was deferred."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id")
    organisation = PartyField("organisation_id")
    waiting = serializers.SerializerMethodField()

    class Meta:
        model = Shortfall
        list_serializer_class = ShortfallListSerializer
        fields = (
            "id", "cycle", "organisation", "currency", "missing_minor", "lent_minor", "deferred_minor",
            "awaited_minor", "waiting", "occurred_at",
        )  # fmt: skip

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, shortfall: Shortfall) -> dict[str, Any] | None:
        """The open claim, else the open deferral, as a waiting reason; null if there is neither."""
        claims: set[tuple[int, str]] | None = self.context.get("claims")
        deferrals: set[tuple[int, int]] | None = self.context.get("deferrals")
        if claims is None or deferrals is None:
            claims, deferrals = open_claims([shortfall]), open_deferrals([shortfall.cycle_id])
        owes_reserve = (shortfall.organisation_id, shortfall.currency) in claims
        deferred = (shortfall.cycle_id, shortfall.organisation_id) in deferrals
        found = waiting_of_shortfall(shortfall, owes_reserve=owes_reserve, deferral_open=deferred)
        return found.as_dict() if found else None


class SetOffSerializer(serializers.ModelSerializer[SetOff]):
    """The part of a planned payment that was set off: the cancelled ``payment``, and the ``remainder`` planned anew."""

    id = serializers.CharField(source="public_id")
    cycle = serializers.CharField(source="cycle.public_id")
    organisation = PartyField("organisation_id")
    payment = serializers.CharField(source="instruction.public_id")
    remainder = serializers.CharField(source="remainder.public_id", allow_null=True, default=None)
    remainder_minor = serializers.IntegerField(source="remainder.amount_minor", default=0)

    class Meta:
        model = SetOff
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "cycle", "organisation", "currency", "payment", "amount_minor", "remainder", "remainder_minor",
            "set_off_at",
        )  # fmt: skip


class RestraintSerializer(serializers.ModelSerializer[SetOffRestraint]):
    """An attachment or insolvency that limits set-off; ``amount_minor`` null for the whole, ``lifted`` once it ended."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    kind_label = serializers.SerializerMethodField()
    lifted = serializers.SerializerMethodField()

    class Meta:
        model = SetOffRestraint
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "organisation", "currency", "kind", "kind_label", "amount_minor", "served_at", "reference", "lifted",
            "recorded_by", "recorded_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_kind_label(self, restraint: SetOffRestraint) -> dict[str, str]:
        """Label of the kind."""
        return label_of(restraint, "kind")

    def get_lifted(self, restraint: SetOffRestraint) -> bool:
        """Whether it was lifted."""
        return hasattr(restraint, "lifted_by")


class RecordRestraintSerializer(StrictSerializer):
    """An attachment that was served on the market, or an insolvency that opened or became known to it."""

    organisation = serializers.CharField(max_length=31)
    kind = serializers.ChoiceField(choices=RestraintKind.choices)
    served_at = InstantField()
    reference = serializers.CharField(max_length=200)
    amount_minor = AmountField(allow_null=True, default=None)
    currency = serializers.CharField(max_length=3, default="JPY")


class CreditorAccountSerializer(StrictSerializer):
    """The bank account of a creditor, an office or a court, as transfer files have it."""

    bank_code = serializers.CharField(max_length=4)
    branch_code = serializers.CharField(max_length=3)
    account_type = serializers.ChoiceField(choices=AccountType.choices)
    account_number = serializers.CharField(max_length=7)
    account_holder_kana = serializers.CharField(max_length=140)


class PayCreditorSerializer(StrictSerializer):
    """Who is paid how much of an attached payment, and by which document."""

    payment = serializers.CharField(max_length=31)
    amount_minor = AmountField()
    payee_kind = serializers.ChoiceField(choices=CreditorKind.choices)
    payee_name = serializers.CharField(max_length=140)
    payee_account = CreditorAccountSerializer()
    document = serializers.CharField(max_length=200)
    document_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class LiftRestraintSerializer(StrictSerializer):
    """Why a restraint ends."""

    reason = serializers.CharField(max_length=200)


class TaxReliefSerializer(serializers.ModelSerializer[TaxRelief]):
    """The relief of the output tax of a written-off fee."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = TaxRelief
        fields = (
            "id",
            "tax_minor",
            "ground",
            "document_sha256",
            "met_on",
            "first_person",
            "decided_by",
            "decided_at",
        )


class FeeWriteOffSerializer(serializers.ModelSerializer[FeeWriteOff]):
    """A fee that was put off and written off; ``amount_minor`` includes its tax."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    trade = serializers.CharField(source="obligation.trade.public_id")
    tax_relief = serializers.SerializerMethodField()

    class Meta:
        model = FeeWriteOff
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "organisation", "trade", "amount_minor", "currency", "reason", "first_person", "decided_by",
            "decided_at", "tax_relief",
        )  # fmt: skip

    @extend_schema_field(TaxReliefSerializer(allow_null=True))
    def get_tax_relief(self, write_off: FeeWriteOff) -> dict[str, Any] | None:
        """The relief of its output tax; null while that stays as it is."""
        found = getattr(write_off, "tax_relief", None)
        return dict(TaxReliefSerializer(found).data) if found else None


class WriteOffFeeSerializer(StrictSerializer):
    """A fee that was put off, by its reference in ``obligations/``, and why it is bad debt."""

    obligation = serializers.CharField(max_length=60)
    reason = serializers.CharField(max_length=200)


class RelieveTaxSerializer(StrictSerializer):
    """How article 39 of the Consumption Tax Act is met, the SHA-256 of the evidence, and the day on which it was."""

    ground = serializers.CharField(max_length=200)
    document_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")
    met_on = serializers.DateField()
