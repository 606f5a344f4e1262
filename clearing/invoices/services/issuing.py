"""Issues the invoices of a cycle: gross, one per trade and correction, one of fees per participant.

Each kind of document is a part of the step, issued some thousand at a time. Each chunk is a transaction that records how
far the part has come, so whoever goes on issues nothing twice and leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from ...cycles.models import Cycle, CyclePart
from ...cycles.parts import has_ended, part_of, record_chunk
from ...cycles.states import StepPart
from ..locks import INVOICE_NUMBER_LOCK
from .drafts import Drafted, correction_drafts, fee_drafts, fee_refund_drafts, purchase_drafts
from .writing import issue

INVOICES_A_STEP = 5_000

DOCUMENTS: dict[StepPart, Callable[[Cycle, int, int], Drafted]] = {
    StepPart.SALES: purchase_drafts,
    StepPart.CORRECTIONS: correction_drafts,
    StepPart.FEES: fee_drafts,
    StepPart.FEE_REFUNDS: fee_refund_drafts,
}
"""The drafts of each part, in the order of issue: sales before corrections, so that a return invoice can name its original."""


class Batch(NamedTuple):
    """The next documents that a cycle lacks, all of one part; ``part`` is None if none is left.

    ``behind`` is the key behind which they were drafted. ``finished`` are earlier parts that turned out to be complete.
    """

    finished: tuple[StepPart, ...]
    part: StepPart | None
    behind: int
    drafted: Drafted


_NONE_LEFT = Drafted([], 0, last=True)


def next_batch(cycle: Cycle) -> Batch:
    """Drafts of the next documents that a posted cycle lacks. Reads only."""
    parts = {row.part: row for row in CyclePart.objects.filter(cycle=cycle, part__in=DOCUMENTS)}
    finished: tuple[StepPart, ...] = ()
    for part, drafts_of in DOCUMENTS.items():
        row = parts.get(part)
        if row is not None and row.ended_at is not None:
            continue
        behind = _reached(row)
        drafted = drafts_of(cycle, behind, INVOICES_A_STEP)
        if drafted.drafts:
            return Batch(finished, part, behind, drafted)
        finished += (part,)
    return Batch(finished, None, 0, _NONE_LEFT)


def all_issued(cycle: Cycle) -> bool:
    """Whether every document of the cycle is issued."""
    return has_ended(cycle, StepPart.FEE_REFUNDS)


def issue_invoices(cycle: Cycle, batch: Batch | None = None) -> int:
    """Issue some of the documents that a posted cycle lacks; returns how many, 0 when all are issued.

    ``batch`` was drafted before the transaction; none of it is issued if some were issued meanwhile: then 0 too, and
    ``all_issued`` is false. Numbers of an issuer have no gap, so one transaction issues at a time.
    """
    INVOICE_NUMBER_LOCK.acquire()
    batch = batch or next_batch(cycle)
    if _is_overtaken(cycle, batch):
        return 0
    for part in batch.finished:
        record_chunk(_part(cycle, part), done=0, reached="", ended=True)
    if batch.part is None:
        return 0
    drafts = batch.drafted.drafts
    issue(cycle, drafts)
    record_chunk(
        _part(cycle, batch.part),
        done=len(drafts),
        reached=str(batch.drafted.reached),
        ended=batch.drafted.last,
    )
    return len(drafts)


def _is_overtaken(cycle: Cycle, batch: Batch) -> bool:
    """Whether a part has gone on since the batch was drafted."""
    rows = {row.part: row for row in CyclePart.objects.filter(cycle=cycle, part__in=DOCUMENTS)}
    if any(part in rows and rows[part].ended_at is not None for part in batch.finished):
        return True
    if batch.part is None:
        return False
    row = rows.get(batch.part)
    return _reached(row) != batch.behind or (row is not None and row.ended_at is not None)


def _part(cycle: Cycle, part: StepPart) -> CyclePart:
    """The part of the cycle; how many sales there are is known from validation on."""
    return part_of(cycle, part, count=partial(int, cycle.trades or 0) if part == StepPart.SALES else None)


def _reached(row: CyclePart | None) -> int:
    return int(row.reached or 0) if row else 0
