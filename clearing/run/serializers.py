"""Cycles, their progress and dry runs over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import (
    BilingualField,
    ChoiceLabelField,
    StrictSerializer,
    WaitingSerializer,
)
from marketplace.kernel.waiting import Waiting

from ..cycles.models import Cycle
from ..cycles.states import FINAL_STATES, CycleState, StepPart
from ..ground.serializers import PartyField, PartyListSerializer, for_operator, label_of
from ..netting.positions import value_reduced_bp
from .overdue import CycleReadings
from .progress import Progress
from .queries import waiting_of_cycle
from .services.dry_run import DryRun
from .states import OverdueReason

PLANNED_STATES = (CycleState.SETTLING, *FINAL_STATES)

FIGURES = {
    "trades": "Trades that the cycle clears. Null until it is validated.",
    "gross_minor": "Sum of all obligations of the cycle with tax: the value to be paid without netting."
    " Null until the cycle is netted, as are the other figures.",
    "net_minor": "Sum of the positive net positions: the value to be paid after netting.",
    "payments_before": "Payments that the obligations would take without netting.",
    "payments_after": "Participants, and the operator, with a net position other than zero: payments after netting,"
    " if no purchase had been paid beforehand.",
    "cut_off_at": "Scheduled cut-off of the cycle; null if the operator closed it.",
    "merkle_root": "Commits to the trades and the net positions. Null until the cycle is netted.",
    "paused_since": "Moment since which the operator pauses the cycle; null if it is not paused.",
}


class OverdueSerializer(serializers.Serializer[Any]):
    """The reason why a cycle is overdue, and the moment from which it is."""

    reason_code = serializers.ChoiceField(choices=OverdueReason.choices, source="reason")
    reason = ChoiceLabelField(OverdueReason)
    since = serializers.DateTimeField()


class CycleListSerializer(serializers.ListSerializer[Any]):
    """Cycles whose calendar and payments are read in one go."""

    def to_representation(self, data: Any) -> Any:
        """Read the data of all cycles first."""
        cycles = list(data)
        context: Any = self.context
        context["readings"] = CycleReadings(cycles)
        return super().to_representation(cycles)


class CycleSerializer(serializers.ModelSerializer[Cycle]):
    """The public view of a cycle: figures and hashes."""

    id = serializers.CharField(source="public_id")
    state_label = serializers.SerializerMethodField()
    waits_for = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()
    overdue = serializers.SerializerMethodField(
        help_text="Why the cycle is overdue, and since when; null if it is in time."
    )
    payments_reduced = serializers.SerializerMethodField(
        help_text="Payments that netting saves: payments_before less payments_after."
    )
    value_reduced_bp = serializers.SerializerMethodField(
        help_text="Part of the value that netting saves: 1 - net_minor / gross_minor, in basis points."
    )
    payments_planned = serializers.SerializerMethodField(
        help_text="Payments by bank that settle the cycle: to participants with money left, and to the operator."
        " Buyers pay before the cycle and are not counted. Null until the payments are planned."
    )
    pause_reason = serializers.SerializerMethodField(
        help_text="Why the cycle is paused, for the operator; else null."
    )
    paused_by = serializers.SerializerMethodField(
        help_text="Who paused the cycle, for the operator; else null."
    )

    class Meta:
        model = Cycle
        list_serializer_class = CycleListSerializer
        fields = (
            "id", "business_key", "currency", "number", "state", "state_label", "waits_for", "waiting", "overdue",
            "opened_at", "closed_at", "cut_off_at", "trades", "gross_minor", "net_minor", "value_reduced_bp", "payments_before",
            "payments_after", "payments_reduced", "payments_planned", "input_hash", "trades_root", "output_hash",
            "merkle_root", "netted_at", "posted_at", "settled_at", "paused_since", "pause_reason", "paused_by",
        )  # fmt: skip
        extra_kwargs = {name: {"help_text": text} for name, text in FIGURES.items()}

    @extend_schema_field(BilingualField)
    def get_state_label(self, cycle: Cycle) -> dict[str, str]:
        """Label of the state."""
        return label_of(cycle, "state")

    @extend_schema_field(BilingualField(allow_null=True))
    def get_waits_for(self, cycle: Cycle) -> dict[str, str] | None:
        """The label of what the cycle waits for; null while it advances or is settled."""
        found = self._waiting(cycle)
        return found.label.as_dict() if found else None

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, cycle: Cycle) -> dict[str, Any] | None:
        """The waiting reason with its code, who must act and the action."""
        found = self._waiting(cycle)
        return found.as_dict() if found else None

    @extend_schema_field(OverdueSerializer(allow_null=True))
    def get_overdue(self, cycle: Cycle) -> Any:
        """The reason and moment of being overdue."""
        found = self._readings(cycle).overdue(cycle)
        return OverdueSerializer(found).data if found else None

    def get_payments_reduced(self, cycle: Cycle) -> int | None:
        """The difference, once known."""
        if cycle.payments_before is None or cycle.payments_after is None:
            return None
        return cycle.payments_before - cycle.payments_after

    def get_value_reduced_bp(self, cycle: Cycle) -> int | None:
        """The part, once known."""
        if cycle.gross_minor is None or cycle.net_minor is None:
            return None
        return value_reduced_bp(gross_minor=cycle.gross_minor, net_minor=cycle.net_minor)

    def get_payments_planned(self, cycle: Cycle) -> int | None:
        """The number, once the payments are planned."""
        return self._readings(cycle).settlement[cycle.pk].planned if cycle.state in PLANNED_STATES else None

    def get_pause_reason(self, cycle: Cycle) -> str | None:
        """For the operator only: the text may name participants."""
        return cycle.pause_reason or None if for_operator(self.context) else None

    def get_paused_by(self, cycle: Cycle) -> str | None:
        """The person who paused it, for the operator only."""
        return cycle.paused_by or None if for_operator(self.context) else None

    def _waiting(self, cycle: Cycle) -> Waiting | None:
        """The waiting reason of the cycle, read once for the fields that show it."""
        context: Any = self.context
        known: dict[int, Waiting | None] = context.setdefault("waiting", {})
        if cycle.pk not in known:
            known[cycle.pk] = waiting_of_cycle(cycle, self._readings(cycle))
        return known[cycle.pk]

    def _readings(self, cycle: Cycle) -> CycleReadings:
        context: Any = self.context
        readings: CycleReadings | None = context.get("readings")
        if readings is None or cycle.pk not in readings.settlement:
            readings = context["readings"] = CycleReadings([cycle])
        return readings


class OpenCycleSerializer(StrictSerializer):
    """The currency whose clearing begins."""

    currency = serializers.CharField(min_length=3, max_length=3)


class PauseCycleSerializer(StrictSerializer):
    """The reason why a cycle is paused or resumed."""

    reason = serializers.CharField(max_length=200)


class StepSerializer(serializers.Serializer[Any]):
    """One step of a cycle, named by the state it leads to."""

    state = serializers.ChoiceField(choices=CycleState.choices)
    state_label = ChoiceLabelField(CycleState, source="state")
    status = serializers.ChoiceField(choices=("done", "now", "next"))
    began_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    milliseconds = serializers.IntegerField(
        allow_null=True,
        help_text="Duration in real time; null for the cut-off, which has none.",
    )


class PartSerializer(serializers.Serializer[Any]):
    """A part of the current step, done for some participants at a time."""

    part = serializers.ChoiceField(choices=StepPart.choices)
    part_label = ChoiceLabelField(StepPart, source="part")
    done = serializers.IntegerField(help_text="Participants for whom it is done.")
    total = serializers.IntegerField(allow_null=True, help_text="Null if it is not known beforehand.")


class ProgressSerializer(serializers.Serializer[Progress]):
    """Progress of a cycle: counts for everybody, obstacles for the operator."""

    steps = StepSerializer(many=True)
    parts = PartSerializer(many=True, help_text="The parts of the current step that have begun.")
    percentage = serializers.IntegerField(
        help_text="Of the way from open to settled: steps weigh equally, the current one by its parts, invoices or"
        " payments."
    )
    invoices_issued = serializers.IntegerField()
    invoices_expected = serializers.IntegerField(help_text="Grows until the cycle is validated.")
    payments_confirmed = serializers.IntegerField(source="settlement.confirmed")
    payments_planned = serializers.IntegerField(
        source="settlement.planned", help_text="By bank; 0 until the cycle is being settled."
    )
    waits_for = serializers.SerializerMethodField(
        help_text="The label of what the cycle waits for; null while it advances or is settled."
    )
    waiting = serializers.SerializerMethodField()
    overdue = OverdueSerializer(allow_null=True)
    obstacles = serializers.SerializerMethodField(
        help_text="What its next step last failed with, and last errors of failing event handlers, for the operator; else null."
    )

    @extend_schema_field(BilingualField(allow_null=True))
    def get_waits_for(self, progress: Progress) -> dict[str, str] | None:
        """The reason in both languages."""
        return progress.waiting.label.as_dict() if progress.waiting else None

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, progress: Progress) -> dict[str, Any] | None:
        """The waiting reason with its code, who must act and the action."""
        return progress.waiting.as_dict() if progress.waiting else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField(), allow_null=True))
    def get_obstacles(self, progress: Progress) -> list[str] | None:
        """For the operator only: they name events and programs."""
        return progress.obstacles if for_operator(self.context) else None


class ForeseenPositionSerializer(serializers.Serializer[Any]):
    """The net position that the cycle would have for a participant, or the operator."""

    organisation = PartyField("organisation_id")
    net_minor = serializers.IntegerField()
    left_minor = serializers.IntegerField(
        help_text="The net position without purchases, which are paid before the cycle: paid out by bank if"
        " positive, a shortfall if negative."
    )

    class Meta:
        list_serializer_class = PartyListSerializer


class ForeseenShortfallSerializer(serializers.Serializer[Any]):
    """A participant that would owe more than the cycle brings it, and its own money."""

    organisation = PartyField("organisation_id")
    short_minor = serializers.IntegerField()
    available_minor = serializers.IntegerField()
    planned_minor = serializers.IntegerField(help_text="Part of its planned payments that may be set off.")
    missing_minor = serializers.IntegerField(help_text="Part that neither covers.")

    class Meta:
        list_serializer_class = PartyListSerializer


class DryRunSerializer(serializers.Serializer[DryRun]):
    """The figures that a cycle would have if its remaining steps ran now. Nothing was written."""

    cycle = serializers.CharField(source="cycle.public_id")
    business_key = serializers.CharField(source="cycle.business_key")
    state = serializers.ChoiceField(choices=CycleState.choices, source="cycle.state")
    at = serializers.DateTimeField(help_text="The business time of the run.")
    currency = serializers.CharField(source="cycle.currency")
    trades = serializers.IntegerField(source="content.trades")
    obligations = serializers.IntegerField(source="content.totals.obligations")
    input_hash = serializers.CharField(
        source="content.digest.input_hash",
        help_text="Over the present content: fee rebates add their lines when the cycle is validated.",
    )
    faults = serializers.DictField(
        child=serializers.IntegerField(),
        source="content.faults",
        help_text="Faults that would prevent validation, with their number; empty if there are none.",
    )
    events_unseen = serializers.IntegerField(
        help_text="Events from before the cut-off that may still change the content."
    )
    gross_minor = serializers.IntegerField(source="summary.gross_minor")
    net_minor = serializers.IntegerField(source="summary.net_minor")
    value_reduced_bp = serializers.SerializerMethodField(help_text="1 - net / gross, in basis points.")
    payments_before = serializers.IntegerField()
    payments_after = serializers.IntegerField(source="summary.payments_after")
    payments_planned = serializers.IntegerField(help_text="Payments by bank, as foreseen now.")
    creditors = serializers.IntegerField(
        help_text="Participants, the operator included, that the cycle would owe."
    )
    debtors = serializers.IntegerField()
    even = serializers.IntegerField()
    positions = ForeseenPositionSerializer(many=True, help_text="The largest by amount.")
    shortfalls = ForeseenShortfallSerializer(many=True, help_text="Until the cycle is posted.")

    def get_value_reduced_bp(self, run: DryRun) -> int:
        """By the formula of a cycle."""
        return value_reduced_bp(gross_minor=run.summary.gross_minor, net_minor=run.summary.net_minor)
