"""The progress of a cycle, step by step, and its waiting reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from marketplace.events.queries import handler_failures
from marketplace.kernel.waiting import Waiting

from ..cycles.models import Cycle, CyclePart, CycleStep
from ..cycles.queries import ORDER
from ..cycles.states import FINAL_STATES, PARTS_OF_STEP, CycleState, StepPart
from ..invoices.documents_due import documents_expected, documents_issued
from .overdue import CycleReadings, Overdue, SettlementProgress
from .queries import DUE_CURRENCIES, UNFINISHED_CYCLES, waiting_of_cycle

StepStatus = Literal["done", "now", "next"]


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step of a cycle, by the state it leads to.

    Times are real, not business time; they are None for the cut-off, which takes no time. ``milliseconds`` is the
    duration of the step.
    """

    state: CycleState
    status: StepStatus
    began_at: datetime | None
    ended_at: datetime | None
    milliseconds: int | None


@dataclass(frozen=True, slots=True)
class PartProgress:
    """A part of the current step that is done in chunks: participants done, and their total, None if not known."""

    part: StepPart
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a cycle in public counts.

    ``percentage`` is 0 at open and 100 at settled: each step has the same weight, and the current step counts by its
    parts, its invoices or its payments. ``parts`` are those of the current step that have begun. ``obstacles``, for the
    operator, are errors that hold the cycle back.
    """

    steps: list[StepProgress]
    parts: list[PartProgress]
    percentage: int
    invoices_issued: int
    invoices_expected: int
    settlement: SettlementProgress
    waiting: Waiting | None
    overdue: Overdue | None
    obstacles: list[str]


def progress_of(cycle: Cycle) -> Progress:
    """The progress of a cycle, from the records of its steps."""
    readings = CycleReadings([cycle])
    settlement = readings.settlement[cycle.pk]
    issued, expected = documents_issued(cycle), documents_expected(cycle)
    steps = _steps(cycle)
    done = sum(step.status == "done" for step in steps)
    parts = _parts(cycle, steps)
    if cycle.state == CycleState.POSTED:
        fraction = _percentage(issued, expected)
    elif cycle.state == CycleState.SETTLING:
        fraction = _percentage(settlement.confirmed, settlement.planned)
    else:
        fraction = _percentage_of_parts(parts, steps)
    return Progress(
        steps=steps,
        parts=parts,
        percentage=(100 * done + fraction) // len(steps),
        invoices_issued=issued,
        invoices_expected=expected,
        settlement=settlement,
        waiting=waiting_of_cycle(cycle, readings),
        overdue=readings.overdue(cycle),
        obstacles=_obstacles(cycle),
    )


def _percentage(done: int, total: int) -> int:
    return min(100 * done // total, 100) if total else 0


def _percentage_of_parts(parts: list[PartProgress], steps: list[StepProgress]) -> int:
    """The percentage of the current step: its parts weigh equally, and one that a later one followed is done."""
    if not parts:
        return 0
    every, last = _parts_of_step(steps), parts[-1]
    return (100 * every.index(last.part) + _percentage(last.done, last.total or 0)) // len(every)


def _parts_of_step(steps: list[StepProgress]) -> tuple[StepPart, ...]:
    """The parts of the current step."""
    current = next((step.state for step in steps if step.status == "now"), None)
    return PARTS_OF_STEP.get(current or "", ())


def _parts(cycle: Cycle, steps: list[StepProgress]) -> list[PartProgress]:
    """The parts of the current step that have begun, in the order in which they are done."""
    rows = {row.part: row for row in CyclePart.objects.filter(cycle=cycle)}
    return [
        PartProgress(part, rows[part].done, rows[part].total)
        for part in _parts_of_step(steps)
        if part in rows
    ]


def _steps(cycle: Cycle) -> list[StepProgress]:
    rows = {row.state: row for row in CycleStep.objects.filter(cycle=cycle).order_by("epoch")}
    final = cycle.state if cycle.state in FINAL_STATES else CycleState.SETTLED
    way = [*ORDER[1 : ORDER.index(CycleState.SETTLED)], final]
    reached = way.index(cycle.state) if cycle.state in way else -1
    steps = []
    for index, state in enumerate(way):
        row = rows.get(state) if index <= reached else None
        steps.append(
            StepProgress(
                state=CycleState(state),
                status="done" if index <= reached else "now" if index == reached + 1 else "next",
                began_at=row.began_at if row else None,
                ended_at=row.ended_at if row else None,
                milliseconds=int((row.ended_at - row.began_at).total_seconds() * 1000) if row else None,
            )
        )
    return steps


def _obstacles(cycle: Cycle) -> list[str]:
    """What its cut-off or its next step last failed with, and the last errors of failing handlers that it may wait for."""
    if cycle.state == CycleState.OPEN:
        failure = DUE_CURRENCIES.error_of(cycle.currency)
    else:
        failure = UNFINISHED_CYCLES.error_of(cycle.public_id)
    return [*([failure] if failure else []), *handler_failures()]
