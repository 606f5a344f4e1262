"""Finds the cycles that a step may advance now, and the waiting reason of a cycle."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q

from marketplace.events.queries import count_unhandled_before
from marketplace.kernel.aside import Loop
from marketplace.kernel.waiting import Waiting

from ..cycles.models import Cycle
from ..cycles.states import WORKING_STATES, CycleState
from ..cycles.waiting import (
    CLAIMS_OPEN,
    DEFERRALS_OPEN,
    EARLIER_UNPLANNED,
    EVENTS_UNSEEN,
    OPEN_UNTIL_COMMAND,
    OPEN_UNTIL_CUT_OFF,
    PAYMENTS_FAILED,
    PAYMENTS_UNCONFIRMED,
    PAYMENTS_UNSENT,
    STEP_OVERDUE,
    local_time,
    waiting_of_pause,
)
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState
from .outcome import Unfinished
from .overdue import CycleReadings, SettlementProgress

DUE_CURRENCIES = Loop("clearing.close_due_cycles")
"""By currency: cycles whose cut-off has passed."""
UNFINISHED_CYCLES = Loop("clearing.advance_cycles")
"""The loop over the cycles that are not finished; a cycle's progress says why it stands aside."""


def cycles_to_advance() -> list[str]:
    """Cycles that a step may advance now, oldest first: unfinished, settled in part, or with a returned payment."""
    returned = SettlementInstruction.objects.filter(
        cycle=OuterRef("pk"), state=InstructionState.FAILED, failed_at__gte=F("cycle__settled_at")
    )
    rows = Cycle.objects.filter(
        ~Q(state__in=(CycleState.OPEN, CycleState.SETTLED)) | Q(Exists(returned), state=CycleState.SETTLED)
    )
    return list(rows.order_by("pk").values_list("public_id", flat=True))


def waiting_of_cycle(cycle: Cycle, readings: CycleReadings | None = None) -> Waiting | None:
    """The reason why a cycle waits; None while workers advance it, or once it is settled.

    Pass ``readings`` for many cycles, to save queries.
    """
    readings = readings or CycleReadings([cycle])
    paused = waiting_of_pause(cycle)
    if paused is not None:
        return paused
    if cycle.state == CycleState.OPEN:
        cut_off_at = readings.cut_off_of(cycle)
        overdue = readings.overdue(cycle)
        if overdue:
            return STEP_OVERDUE.waiting(since=overdue.since)
        if cut_off_at is None:
            return OPEN_UNTIL_COMMAND.waiting(since=cycle.opened_at)
        return OPEN_UNTIL_CUT_OFF.waiting(
            since=cycle.opened_at, until=cut_off_at, cut_off=local_time(cut_off_at)
        )
    if cycle.state in WORKING_STATES:
        return _under_way(cycle, readings)
    if cycle.state == CycleState.SETTLING:
        return _settling(cycle, readings.settlement[cycle.pk])
    if cycle.state == CycleState.PARTIAL:
        return _settled_in_part(cycle, readings.unfinished[cycle.pk], readings.settlement[cycle.pk])
    return None


def _under_way(cycle: Cycle, readings: CycleReadings) -> Waiting | None:
    """The reason for a cycle between cut-off and payments: unhandled events, a paused earlier cycle, or an overdue step."""
    if cycle.state == CycleState.CLOSING:
        count = count_unhandled_before(int(str(cycle.barrier)), "clearing")
        if count:
            return EVENTS_UNSEEN.waiting(since=cycle.closed_at, count=count)
    if cycle.state == CycleState.VALIDATED and (earlier := _paused_before_planning(cycle)):
        return EARLIER_UNPLANNED.waiting(since=cycle.closed_at, earlier=earlier)
    overdue = readings.overdue(cycle)
    return STEP_OVERDUE.waiting(since=overdue.since) if overdue else None


def _paused_before_planning(cycle: Cycle) -> str | None:
    """The business key of an earlier cycle of the currency that is paused before its payments are planned."""
    earlier = Cycle.objects.filter(
        currency=cycle.currency,
        number__lt=cycle.number,
        state__in=(CycleState.NETTED, CycleState.POSTED),
        paused_since__isnull=False,
    )
    return earlier.order_by("pk").values_list("business_key", flat=True).first()


def _settling(cycle: Cycle, settlement: SettlementProgress) -> Waiting | None:
    if settlement.unsent:
        return PAYMENTS_UNSENT.waiting(since=cycle.posted_at, count=settlement.unsent)
    if settlement.waiting:
        return PAYMENTS_UNCONFIRMED.waiting(
            since=cycle.posted_at, until=settlement.last_value_date, count=settlement.waiting
        )
    return None


def _settled_in_part(cycle: Cycle, lacking: Unfinished, settlement: SettlementProgress) -> Waiting | None:
    if lacking.failed:
        return PAYMENTS_FAILED.waiting(since=cycle.posted_at, count=lacking.failed)
    made_again = _settling(cycle, settlement)
    if made_again is not None:
        return made_again
    if lacking.claims:
        return CLAIMS_OPEN.waiting(since=cycle.posted_at)
    return DEFERRALS_OPEN.waiting(since=cycle.posted_at) if lacking.deferrals else None
