"""Filters for lists of settlement."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from .models import SettlementInstruction, TransferFile
from .states import Hindrance, InstructionState, PaymentPurpose


class TransferFileFilter(filters.FilterSet):
    """By cycle."""

    cycle = filters.CharFilter(field_name="cycle__public_id")

    class Meta:
        model = TransferFile
        fields = ("sha256",)


class InstructionFilter(filters.FilterSet):
    """By state, purpose, cycle, reference, hindrance, and whether the outcome is unknown for more than a day."""

    state = filters.ChoiceFilter(choices=InstructionState.choices)
    purpose = filters.ChoiceFilter(choices=PaymentPurpose.choices)
    held_back = filters.ChoiceFilter(choices=Hindrance.choices)
    cycle = filters.CharFilter(field_name="cycle__public_id")
    lost = filters.BooleanFilter(method="filter_lost")

    class Meta:
        model = SettlementInstruction
        fields = ("state", "reference", "direction")

    def filter_lost(
        self,
        rows: QuerySet[SettlementInstruction],
        name: str,
        value: bool,  # noqa: FBT001
    ) -> QuerySet[SettlementInstruction]:
        """Payments unknown for more than a day, or all others."""
        wanted = Q(state=InstructionState.UNKNOWN, alarmed_at__isnull=False)
        return rows.filter(wanted) if value else rows.exclude(wanted)
