"""Watching cycles: their progress, what they left out, and what one would come to."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, ChoiceLabelField

from ..netting import value_reduced_bp
from ..queries import Progress, obstacles
from ..services.dry_run import DryRun
from ..states import CycleState, LeftOutReason, TradeState
from .cycles import OverdueSerializer, for_operator
from .parties import PartyField, PartyListSerializer


class StepSerializer(serializers.Serializer[Any]):
    """One step of a cycle, by the state that it leads to."""

    state = serializers.ChoiceField(choices=CycleState.choices)
    state_label = ChoiceLabelField(CycleState, source="state")
    status = serializers.ChoiceField(choices=("done", "now", "next"))
    began_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    milliseconds = serializers.IntegerField(
        allow_null=True,
        help_text="How long it took, in real time; null for the cut-off, which is but a moment.",
    )


class ProgressSerializer(serializers.Serializer[Progress]):
    """How far a cycle has come: counts for everybody, what stands in its way for the operator."""

    steps = StepSerializer(many=True)
    percentage = serializers.IntegerField(
        help_text="Of the way from open to settled: steps weigh the same, the one under way by invoices or payments."
    )
    invoices_issued = serializers.IntegerField()
    invoices_expected = serializers.IntegerField(help_text="Grows until the cycle is validated.")
    payments_confirmed = serializers.IntegerField(source="settlement.confirmed")
    payments_planned = serializers.IntegerField(
        source="settlement.planned", help_text="By bank; 0 until the cycle is being settled."
    )
    waits_for = serializers.SerializerMethodField(
        help_text="What the cycle waits for, or null while it goes on by itself or is over."
    )
    overdue = OverdueSerializer(allow_null=True)
    obstacles = serializers.SerializerMethodField(
        help_text="What handlers that fail last said, for the operator; for others null."
    )

    @extend_schema_field(BilingualField(allow_null=True))
    def get_waits_for(self, progress: Progress) -> dict[str, str] | None:
        """In both languages."""
        return progress.waits_for.as_dict() if progress.waits_for else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField(), allow_null=True))
    def get_obstacles(self, progress: Progress) -> list[str] | None:
        """They name events and programs, which are the operator's business."""
        return obstacles() if for_operator(self.context) else None


class LeftOutSerializer(serializers.Serializer[Any]):
    """A trade that the cycle went without, why, and what became of it."""

    trade = serializers.CharField(source="trade.public_id")
    business_key = serializers.CharField(source="trade.business_key")
    buyer = PartyField("trade.buyer_id")
    seller = PartyField("trade.seller_id")
    gross_minor = serializers.IntegerField(source="trade.gross_minor")
    currency = serializers.CharField(source="trade.currency")
    reason_code = serializers.ChoiceField(choices=LeftOutReason.choices, source="reason")
    reason = ChoiceLabelField(LeftOutReason)
    state = serializers.ChoiceField(choices=TradeState.choices, source="trade.state")
    state_label = ChoiceLabelField(TradeState, source="trade.state")
    cleared_in = serializers.CharField(
        source="cycle.public_id",
        default=None,
        allow_null=True,
        help_text="The cycle that has it since; null if none has.",
    )

    class Meta:
        list_serializer_class = PartyListSerializer


class ForeseenPositionSerializer(serializers.Serializer[Any]):
    """What the cycle would come to for a participant, or the operator."""

    organisation = PartyField("organisation_id")
    net_minor = serializers.IntegerField()
    left_minor = serializers.IntegerField(
        help_text="The net without purchases, which were paid for when they were secured: paid out by bank if"
        " positive, a shortfall if negative."
    )

    class Meta:
        list_serializer_class = PartyListSerializer


class ForeseenShortfallSerializer(serializers.Serializer[Any]):
    """A participant that would owe more than the cycle brings it, and what of its own would meet that."""

    organisation = PartyField("organisation_id")
    short_minor = serializers.IntegerField()
    available_minor = serializers.IntegerField()
    missing_minor = serializers.IntegerField(help_text="What its available money does not meet.")

    class Meta:
        list_serializer_class = PartyListSerializer


class DryRunSerializer(serializers.Serializer[DryRun]):
    """What a cycle would come to if it were taken on now. Nothing was written."""

    cycle = serializers.CharField(source="cycle.public_id")
    business_key = serializers.CharField(source="cycle.business_key")
    state = serializers.ChoiceField(choices=CycleState.choices, source="cycle.state")
    at = serializers.DateTimeField(help_text="The business time of the run.")
    currency = serializers.CharField(source="cycle.currency")
    trades = serializers.IntegerField(source="content.trades")
    obligations = serializers.IntegerField(source="content.totals.obligations")
    input_hash = serializers.CharField(
        source="content.digest.input_hash",
        help_text="Over what stands now: fees that come back by volume add their lines when the cycle is validated.",
    )
    faults = serializers.DictField(
        child=serializers.IntegerField(),
        source="content.faults",
        help_text="What would keep it from being validated, and how many there are of each; empty if nothing.",
    )
    events_unseen = serializers.IntegerField(
        help_text="Events from before the cut-off that may yet change what is cleared."
    )
    gross_minor = serializers.IntegerField(source="summary.gross_minor")
    net_minor = serializers.IntegerField(source="summary.net_minor")
    value_reduced_bp = serializers.SerializerMethodField(help_text="1 - net / gross, in basis points.")
    payments_before = serializers.IntegerField()
    payments_after = serializers.IntegerField(source="summary.payments_after")
    payments_planned = serializers.IntegerField(help_text="Payments by bank, as far as is foreseen.")
    creditors = serializers.IntegerField(
        help_text="Participants that the cycle would owe, the operator included."
    )
    debtors = serializers.IntegerField()
    even = serializers.IntegerField()
    positions = ForeseenPositionSerializer(many=True, help_text="The largest by amount.")
    shortfalls = ForeseenShortfallSerializer(many=True, help_text="Until the cycle is posted.")

    def get_value_reduced_bp(self, run: DryRun) -> int:
        """By the same formula as of a cycle."""
        return value_reduced_bp(gross_minor=run.summary.gross_minor, net_minor=run.summary.net_minor)
