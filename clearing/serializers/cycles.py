"""Cycles as everybody sees them, and positions as those see them whose they are."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField, StrictSerializer

from ..models import Cycle, NetPosition
from ..netting import value_reduced_bp
from ..queries import CycleReadings, waiting_for
from ..states import FINAL_STATES, CycleState, OverdueReason
from .parties import PartyField, PartyListSerializer, label_of

PLANNED_STATES = (CycleState.SETTLING, *FINAL_STATES)

FIGURES = {
    "trades": "Trades that are cleared in the cycle. Null until it is validated.",
    "gross_minor": "The sum of all obligations of the cycle with their tax: what would change hands if each were"
    " paid by itself. Null until the cycle is netted, as are the other figures.",
    "net_minor": "The sum of the positive net positions: what changes hands after netting.",
    "payments_before": "Payments that the obligations would take if each were paid by itself.",
    "payments_after": "Participants, and the operator, with a net position other than zero: payments after netting,"
    " if nobody had paid beforehand.",
    "cut_off_at": "The cut-off of the schedule that the cycle was closed for; null if the operator closed it.",
    "merkle_root": "Commits to the trades and the net positions. Null until the cycle is netted.",
    "on_hold_since": "Since when the operator keeps the cycle where it is; null if it does not.",
}


class OverdueSerializer(serializers.Serializer[Any]):
    """Why a cycle is later than it should be, and since when."""

    reason_code = serializers.ChoiceField(choices=OverdueReason.choices, source="reason")
    reason = ChoiceLabelField(OverdueReason)
    since = serializers.DateTimeField()


class CycleListSerializer(serializers.ListSerializer[Any]):
    """Cycles whose calendar and payments are read together."""

    def to_representation(self, data: Any) -> Any:
        """Read what all of them need first."""
        cycles = list(data)
        context: Any = self.context
        context["readings"] = CycleReadings(cycles)
        return super().to_representation(cycles)


class CycleSerializer(serializers.ModelSerializer[Cycle]):
    """A cycle as everybody sees it: what it came to, and the hashes it commits to."""

    id = serializers.CharField(source="public_id")
    state_label = serializers.SerializerMethodField()
    waits_for = serializers.SerializerMethodField()
    overdue = serializers.SerializerMethodField(
        help_text="Why the cycle is later than it should be, and since when; null if it is in time."
    )
    payments_reduced = serializers.SerializerMethodField(
        help_text="Payments that netting saves: payments_before less payments_after."
    )
    value_reduced_bp = serializers.SerializerMethodField(
        help_text="By how much netting lowers what changes hands: 1 - net_minor / gross_minor, in basis points."
    )
    payments_planned = serializers.SerializerMethodField(
        help_text="Payments by bank that settle the cycle. Purchases are paid for when they are secured, so those"
        " who bought pay nothing here: it counts those to whom money is left, and the operator. Null until then."
    )
    hold_reason = serializers.SerializerMethodField(
        help_text="Why it is on hold, for the operator; else null."
    )
    held_by = serializers.SerializerMethodField(help_text="Who holds it, for the operator; else null.")

    class Meta:
        model = Cycle
        list_serializer_class = CycleListSerializer
        fields = (
            "id", "business_key", "currency", "number", "state", "state_label", "waits_for", "overdue", "opened_at",
            "closed_at", "cut_off_at", "trades", "gross_minor", "net_minor", "value_reduced_bp", "payments_before",
            "payments_after", "payments_reduced", "payments_planned", "input_hash", "trades_root", "output_hash",
            "merkle_root", "netted_at", "posted_at", "settled_at", "on_hold_since", "hold_reason", "held_by",
        )  # fmt: skip
        extra_kwargs = {name: {"help_text": text} for name, text in FIGURES.items()}

    @extend_schema_field(BilingualField)
    def get_state_label(self, cycle: Cycle) -> dict[str, str]:
        """The state in words."""
        return label_of(cycle, "state")

    @extend_schema_field(BilingualField(allow_null=True))
    def get_waits_for(self, cycle: Cycle) -> dict[str, str] | None:
        """What the cycle waits for, or null while it goes on by itself or is over."""
        words = waiting_for(cycle, self._readings(cycle))
        return words.as_dict() if words else None

    @extend_schema_field(OverdueSerializer(allow_null=True))
    def get_overdue(self, cycle: Cycle) -> Any:
        """Why it is overdue."""
        found = self._readings(cycle).overdue(cycle)
        return OverdueSerializer(found).data if found else None

    def get_payments_reduced(self, cycle: Cycle) -> int | None:
        """The difference, once it is known."""
        if cycle.payments_before is None or cycle.payments_after is None:
            return None
        return cycle.payments_before - cycle.payments_after

    def get_value_reduced_bp(self, cycle: Cycle) -> int | None:
        """The share, once it is known."""
        if cycle.gross_minor is None or cycle.net_minor is None:
            return None
        return value_reduced_bp(gross_minor=cycle.gross_minor, net_minor=cycle.net_minor)

    def get_payments_planned(self, cycle: Cycle) -> int | None:
        """How many there are, once they are planned."""
        return self._readings(cycle).settlement[cycle.pk].planned if cycle.state in PLANNED_STATES else None

    def get_hold_reason(self, cycle: Cycle) -> str | None:
        """The operator's words may name participants: they are its own."""
        return cycle.hold_reason or None if for_operator(self.context) else None

    def get_held_by(self, cycle: Cycle) -> str | None:
        """Whose word it is."""
        return cycle.held_by or None if for_operator(self.context) else None

    def _readings(self, cycle: Cycle) -> CycleReadings:
        context: Any = self.context
        readings: CycleReadings | None = context.get("readings")
        if readings is None or cycle.pk not in readings.settlement:
            readings = context["readings"] = CycleReadings([cycle])
        return readings


def for_operator(context: Any) -> bool:
    """Whether what is written is for the operator's eyes."""
    request = context.get("request")
    return bool(getattr(getattr(request, "user", None), "is_operator", False))


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
            "corrections_paid_minor", "corrections_received_minor", "shares_paid_minor", "shares_received_minor",
            "carried_forward_minor", "net_minor",
        )  # fmt: skip


class OpenCycleSerializer(StrictSerializer):
    """The currency in which clearing begins."""

    currency = serializers.CharField(min_length=3, max_length=3)


class StatementSerializer(serializers.Serializer[NetPosition]):
    """A participant's statement of a cycle, and the market's signature (compact JWS) over its SHA-256."""

    statement = serializers.DictField()
    signature = serializers.CharField()


class HoldCycleSerializer(StrictSerializer):
    """Why a cycle is held, or released."""

    reason = serializers.CharField(max_length=200)
