"""Reading cycles and positions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from marketplace.events.queries import unseen_before
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label

from ..models import Cycle, NetPosition, SettlementInstruction
from ..states import FINAL_STATES, CycleState, InstructionState
from .overdue import CycleReadings
from .sight import own_key

ORDER = tuple(CycleState.values)

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


class CycleProgress(NamedTuple):
    """Steps that a cycle has done, of those before it waits for the bank."""

    reached: int
    expected: int


def visible_cycles() -> QuerySet[Cycle]:
    """Every cycle: what it came to, and its hashes, are public."""
    return Cycle.objects.all()


def visible_positions(actor: Actor) -> QuerySet[NetPosition]:
    """Net positions of the actor's organisation; every one, for the operator."""
    positions = NetPosition.objects.select_related("cycle")
    return positions if actor.may_see() else positions.filter(organisation_id=own_key(actor))


def cycle_summaries() -> list[dict[str, Any]]:
    """Every cycle that was cut off, in order: key, state, figures and hashes as JSON types."""
    names = (
        "business_key",
        "state",
        "trades",
        "gross_minor",
        "net_minor",
        "payments_before",
        "payments_after",
        "input_hash",
        "output_hash",
        "merkle_root",
    )
    rows = Cycle.objects.exclude(state=CycleState.OPEN).order_by("currency", "number")
    return [{"id": cycle.public_id} | {name: getattr(cycle, name) for name in names} for cycle in rows]


def cycle_progress(cycle: str) -> CycleProgress:
    """How far a cycle has come on its own, from ``closing`` (0) to ``settling`` or beyond. Raises Missing."""
    expected = ORDER.index(CycleState.SETTLING) - ORDER.index(CycleState.CLOSING)
    reached = ORDER.index(cycle_of(cycle).state) - ORDER.index(CycleState.CLOSING)
    return CycleProgress(max(0, min(reached, expected)), expected)


def is_final(cycle: str) -> bool:
    """Whether a cycle is settled, wholly or in part. Raises Missing."""
    return cycle_of(cycle).state in FINAL_STATES


def cycles_to_advance() -> list[str]:
    """Cycles that a step may move now, oldest first: those under way, those carried, those with a returned payment."""
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
    if cycle.on_hold_since is not None:
        return ON_HOLD.fill({"since": _local(cycle.on_hold_since)})
    next_cut_off = readings.next_cut_off(cycle)
    if next_cut_off is not None:
        return OPEN_UNTIL.fill({"cut_off": _local(next_cut_off)})
    words = WAITS.get(CycleState(cycle.state))
    if words is None:
        return None
    count = readings.settlement[cycle.pk].waiting
    if cycle.state == CycleState.CLOSING:
        count = unseen_before(int(str(cycle.barrier)), "clearing")
    return words.fill({"count": count})


def _local(instant: datetime) -> str:
    return instant.astimezone(clock.market_zone()).isoformat(timespec="minutes")


def cycle_of(public_id: str) -> Cycle:
    """One cycle; raises Missing."""
    cycle = Cycle.objects.filter(public_id=public_id).first()
    if cycle is None:
        raise Missing(kind="cycle", identifier=public_id)
    return cycle
