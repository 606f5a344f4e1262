"""Reads which cycles a step may move now, and what a cycle waits for."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from marketplace.events.queries import count_unhandled_before
from marketplace.kernel import clock
from marketplace.kernel.labels import Label

from ..cycles.models import Cycle
from ..cycles.states import CycleState
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState
from .overdue import CycleReadings

WAITS = {
    CycleState.OPEN: Label("open until the operator cuts it off", "運営者が締め切るまで受付中です"),
    CycleState.CLOSING: Label(
        "{count} events from before the cut-off are still to be taken into account",
        "締切前のイベント {count} 件の反映を待っています",
    ),
    CycleState.SETTLING: Label(
        "{count} payments are not confirmed by the bank yet", "銀行の確認待ちの支払が {count} 件あります"
    ),
    CycleState.PARTIAL: Label(
        "payments have failed, claims are not collected, or what was put off is not settled",
        "不能となった支払、未回収の立替金、または未決済の繰越額が残っています",
    ),
}

OPEN_UNTIL = Label("open until the cut-off at {cut_off}", "{cut_off} の締切まで受付中です")
ON_HOLD = Label("kept by the operator since {since}", "運営者が {since} から保留しています")


def cycles_to_advance() -> list[str]:
    """Cycles that a step may move now, oldest first: those under way, those settled in part, those with a returned payment."""
    returned = SettlementInstruction.objects.filter(
        cycle=OuterRef("pk"), state=InstructionState.FAILED, failed_at__gte=F("cycle__settled_at")
    )
    rows = Cycle.objects.filter(
        ~Q(state__in=(CycleState.OPEN, CycleState.SETTLED)) | Q(Exists(returned), state=CycleState.SETTLED)
    )
    return list(rows.order_by("pk").values_list("public_id", flat=True))


def waiting_for(cycle: Cycle, readings: CycleReadings | None = None) -> Label | None:
    """What a cycle waits for, in words; None while it goes on by itself or is over.

    ``readings`` spare queries where many cycles are told of.
    """
    readings = readings or CycleReadings([cycle])
    if cycle.paused_since is not None:
        return ON_HOLD.fill({"since": _local(cycle.paused_since)})
    next_cut_off = readings.cut_off_of(cycle)
    if next_cut_off is not None:
        return OPEN_UNTIL.fill({"cut_off": _local(next_cut_off)})
    words = WAITS.get(CycleState(cycle.state))
    if words is None:
        return None
    count = readings.settlement[cycle.pk].waiting
    if cycle.state == CycleState.CLOSING:
        count = count_unhandled_before(int(str(cycle.barrier)), "clearing")
    return words.fill({"count": count})


def _local(instant: datetime) -> str:
    return instant.astimezone(clock.market_zone()).isoformat(timespec="minutes")
