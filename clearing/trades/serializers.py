"""Trades and obligations over HTTP, and the input of corrections."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import AmountField, BilingualField, StrictSerializer, WaitingSerializer
from marketplace.rules.tax_tables import Supply

from ..ground.serializers import PartyField, PartyListSerializer, label_of
from .guaranteed_models import GuaranteedPart, guaranteed_part
from .models import Obligation, Trade
from .obligation_reference import obligation_reference
from .queries import TradeReadings, stage_of
from .states import GIVEN_UP_REASON_LENGTH_MAX, ObligationStage
from .supply_models import SupplyStatement


class TradeListSerializer(PartyListSerializer):
    """Trades whose parties and cycles are looked up together."""

    def to_representation(self, data: Any) -> Any:
        """Read the related rows of all trades first."""
        trades = list(data)
        context: Any = self.context
        context["trades"] = TradeReadings(trades)
        return super().to_representation(trades)


class RemainingSerializer(serializers.Serializer[Any]):
    """What remains of a trade to give back or to charge.

    ``return_minor`` of the price, with ``return_tax_minor`` of tax, can still be given back to the buyer;
    ``charge_minor``, without tax, can still be charged in addition; ``seller_penalty_minor`` and ``buyer_penalty_minor``
    are what penalties against each can still amount to; ``fee_minor`` of the market's fee can still be given back.
    """

    return_minor = serializers.IntegerField()
    return_tax_minor = serializers.IntegerField()
    charge_minor = serializers.IntegerField()
    seller_penalty_minor = serializers.IntegerField()
    buyer_penalty_minor = serializers.IntegerField()
    fee_minor = serializers.IntegerField()


class GuaranteedPartSerializer(serializers.ModelSerializer[GuaranteedPart]):
    """The part of a trade that a guarantee secures: billed at acceptance, and paid by ``due_on``, at the latest ``due_by``."""

    guarantee = serializers.CharField(source="guarantee.public_id")

    class Meta:
        model = GuaranteedPart
        fields = (
            "guarantee", "amount_minor", "due_by", "reserved_at", "billed_at", "due_on", "paid_at", "paid_from",
            "released_at",
        )  # fmt: skip


class SecureTradeSerializer(StrictSerializer):
    """The caller's guarantee that secures a trade beyond the available money."""

    guarantee = serializers.CharField(max_length=31)


class GiveUpBillSerializer(StrictSerializer):
    """Why nobody pays the bill of a trade any more."""

    reason = serializers.CharField(max_length=GIVEN_UP_REASON_LENGTH_MAX)


class ExposureSerializer(serializers.Serializer[Any]):
    """The exposure to one participant; the total of a currency has no ``organisation``. Amounts in minor units."""

    organisation = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    limit_minor = serializers.IntegerField()
    used_minor = serializers.IntegerField()
    deposit_minor = serializers.IntegerField()
    billed_minor = serializers.IntegerField()
    overdue_minor = serializers.IntegerField()
    expired_minor = serializers.IntegerField()


class ExposuresSerializer(serializers.Serializer[Any]):
    """Totals by currency, participants, and a label for each figure."""

    totals = ExposureSerializer(many=True)
    participants = ExposureSerializer(many=True)
    labels = serializers.DictField(child=BilingualField())


class TradeSerializer(serializers.ModelSerializer[Trade]):
    """A trade. ``cleared``: its cycle is posted. ``penalty_cap_minor``: null for the price with tax.

    ``tax_rate_bp`` is the rate of the hold, ``captured_tax_rate_bp`` that of ``supplied_on``, the day of ``tax_point``.
    ``guaranteed`` is the part that a guarantee secures instead of money, or null.
    ``supply_class`` says how consumption tax treats the supply; while it is null the trade is held.
    """

    id = serializers.CharField(source="public_id")
    buyer = PartyField("buyer_id")
    seller = PartyField("seller_id")
    state_label = serializers.SerializerMethodField()
    cleared = serializers.BooleanField()
    waiting = serializers.SerializerMethodField()
    remaining = serializers.SerializerMethodField()
    guaranteed = serializers.SerializerMethodField()

    class Meta:
        model = Trade
        list_serializer_class = TradeListSerializer
        fields = (
            "id", "business_key", "agreement", "charge", "charging", "commissioned", "reference", "listing",
            "listing_version", "segment", "buyer", "seller", "currency", "price_minor", "tax_minor",
            "tax_rate_bp", "supply", "supply_class", "tax_point", "supplied_on", "gross_minor", "fee_class",
            "fee_minor", "captured_price_minor", "captured_tax_minor",
            "captured_tax_rate_bp", "captured_withholding_minor", "captured_fee_minor", "captured_fee_tax_rate_bp", "fee_supplied_on", "fee_payer",
            "tariff", "rulebook", "fee_tiered", "state", "state_label", "cleared",
            "waiting", "remaining", "guaranteed", "penalty_cap_minor", "inspection_days",
            "fund_by", "pay_by", "concluded_at", "secured_at", "received_at", "accepted_at", "ended_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, trade: Trade) -> dict[str, str]:
        """Label of the state."""
        return label_of(trade, "state")

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, trade: Trade) -> dict[str, Any] | None:
        """The reason why the trade waits and who must act; null once its payments are planned or it has ended."""
        found = self._readings(trade).waiting(trade)
        return found.as_dict() if found else None

    @extend_schema_field(RemainingSerializer(allow_null=True))
    def get_remaining(self, trade: Trade) -> dict[str, int] | None:
        """What remains of the trade to give back or charge; null once it failed or was refunded."""
        found = self._readings(trade).remaining(trade)
        return found.as_dict() if found else None

    @extend_schema_field(GuaranteedPartSerializer(allow_null=True))
    def get_guaranteed(self, trade: Trade) -> dict[str, Any] | None:
        """The part that a guarantee secures; null if money secures all of it."""
        part = guaranteed_part(trade)
        return dict(GuaranteedPartSerializer(part).data) if part else None

    def _readings(self, trade: Trade) -> TradeReadings:
        context: Any = self.context
        readings: TradeReadings | None = context.get("trades")
        if readings is None or trade.pk not in readings.trades:
            readings = context["trades"] = TradeReadings([trade])
        return readings


class ObligationSerializer(serializers.ModelSerializer[Obligation]):
    """An obligation. ``final_at``: when the operator took it over, which nothing undoes.

    ``amount_minor`` excludes ``tax_minor``. ``reverses`` is the reference of the correction that this one reverses.
    """

    id = serializers.SerializerMethodField()
    trade = serializers.CharField(source="trade.public_id")
    agreement = serializers.CharField(source="trade.agreement")
    cycle = serializers.CharField(source="cycle.public_id")
    kind_label = serializers.SerializerMethodField()
    debtor = PartyField("debtor_id")
    creditor = PartyField("creditor_id")
    legal_basis_label = serializers.SerializerMethodField()
    stage = serializers.SerializerMethodField()
    stage_label = serializers.SerializerMethodField()
    reverses = serializers.SerializerMethodField()
    final_at = serializers.DateTimeField(source="cycle.netted_at", allow_null=True)

    class Meta:
        model = Obligation
        list_serializer_class = PartyListSerializer
        fields = (
            "id", "trade", "agreement", "cycle", "kind", "kind_label", "debtor", "creditor", "amount_minor",
            "tax_minor", "tax_rate_bp", "currency", "legal_basis", "legal_basis_label", "stage", "stage_label",
            "reverses", "made_at", "final_at",
        )  # fmt: skip

    def get_id(self, obligation: Obligation) -> str:
        """The obligation's reference."""
        return obligation_reference(obligation.trade.public_id, obligation.pk)

    def get_reverses(self, obligation: Obligation) -> str | None:
        """The reference of the reversed correction, which is of the same trade."""
        if obligation.reverses_id is None:
            return None
        return obligation_reference(obligation.trade.public_id, obligation.reverses_id)

    @extend_schema_field(serializers.ChoiceField(choices=ObligationStage.choices))
    def get_stage(self, obligation: Obligation) -> str:
        """The legal stage."""
        return stage_of(obligation).value

    @extend_schema_field(BilingualField)
    def get_stage_label(self, obligation: Obligation) -> dict[str, str]:
        """Label of the stage."""
        words: Any = stage_of(obligation).label
        return dict(words.as_dict())

    @extend_schema_field(BilingualField)
    def get_kind_label(self, obligation: Obligation) -> dict[str, str]:
        """Label of the kind."""
        return label_of(obligation, "kind")

    @extend_schema_field(BilingualField)
    def get_legal_basis_label(self, obligation: Obligation) -> dict[str, str]:
        """Label of the legal basis."""
        return label_of(obligation, "legal_basis")


class RefundSerializer(StrictSerializer):
    """The part of a price that the seller refunds, without tax; null for all that remains."""

    amount_minor = AmountField(allow_null=True, default=None)
    reason = serializers.CharField(max_length=2_000)


class PenaltySerializer(StrictSerializer):
    """The party that owes the penalty, and its amount; a penalty has no tax."""

    debtor = serializers.CharField(max_length=31)
    amount_minor = AmountField()
    reason = serializers.CharField(max_length=2_000)


class ClawBackSerializer(StrictSerializer):
    """The beneficiary that gives back a part of its share, and the amount."""

    beneficiary = serializers.CharField(max_length=31)
    amount_minor = AmountField()
    reason = serializers.CharField(max_length=2_000)


class ReverseSerializer(StrictSerializer):
    """Why a correction is reversed."""

    reason = serializers.CharField(max_length=2_000)


class SupplyStatementSerializer(serializers.ModelSerializer[SupplyStatement]):
    """What a seller states that it supplies with a listing; the newest statement counts."""

    id = serializers.CharField(source="public_id")
    organisation = PartyField("organisation_id")
    supply_label = serializers.SerializerMethodField()

    class Meta:
        model = SupplyStatement
        list_serializer_class = PartyListSerializer
        fields = ("id", "organisation", "listing", "supply", "supply_label", "stated_at", "stated_by")

    @extend_schema_field(BilingualField)
    def get_supply_label(self, statement: SupplyStatement) -> dict[str, str]:
        """Label of what is supplied."""
        return label_of(statement, "supply")


class StateSupplySerializer(StrictSerializer):
    """A listing of the caller, and what it supplies: ``data`` by wire, or ``rights`` to a work or to know-how."""

    listing = serializers.CharField(max_length=31)
    supply = serializers.ChoiceField(choices=Supply.choices)
