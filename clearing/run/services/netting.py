"""The step that nets a cycle: own money is set aside, then positions are written, both some participants at a time.

What is to be written follows from the content of the validated cycle, which cannot change, and from the deferrals, which
are decided in one transaction. It is computed before the cycle's row is locked, once per process.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.identifiers import new_identifiers

from ...cycles.models import Cycle, CyclePart
from ...cycles.parts import has_ended, part_of, record_chunk
from ...cycles.states import StepPart
from ...ground.bulk import copy_columns
from ...ground.parties import party_keys
from ...netting.models import POSITION_COLUMNS
from ...netting.positions import Position, summarise
from ...netting.proof_blocks import write_blocks
from ...netting.proofs import OutputDigest, cycle_root, output_digest
from ...netting.recomputation import Totals, compute_positions, totals_of
from ...netting.states import ProofTree
from ...shortfalls.services.shortfalls import (
    decide_shortfalls,
    missing_money,
    set_aside,
    shortfall_figures,
)
from .moves import move_cycle

COVERS_A_CHUNK = 2_000
POSITIONS_A_CHUNK = 20_000

_LAST_TOTALS: dict[tuple[int, str], Totals] = {}
"""Totals of the cycle that this process validated last, by the hash of its content: netting in the same process need
not sum a million obligations again; another process sums them itself. Without it, a cycle of a million trades takes
4.5 s instead of 3.9 s (bench/clear.py, medians, 2 cores)."""

_LAST_FORESEEN: dict[tuple[int, str, bool], Foreseen] = {}
"""What this process foresaw last, by the hash of the content: its next chunk need not compute all positions again."""


class Foreseen(NamedTuple):
    """What netting a cycle will write.

    ``decided``: whether the deferrals are decided, and so contained in the positions. ``missing``: what participants
    lack, empty once decided. ``order``: the parties in the order of their keys, ``names``. ``payments``: the number of
    obligations above zero.
    """

    decided: bool
    missing: dict[int, int]
    positions: dict[int, Position]
    names: dict[int, str]
    order: list[int]
    payments: int
    digest: OutputDigest


def keep_totals(cycle: Cycle, input_hash: str, totals: Totals) -> None:
    """Keep the totals of a cycle that is being validated, for netting it in this process."""
    _LAST_TOTALS.clear()
    _LAST_TOTALS[cycle.pk, input_hash] = totals


def foresee(cycle: Cycle) -> Foreseen:
    """What netting a validated cycle will write from now on."""
    decided = has_ended(cycle, StepPart.COVER)
    key = (cycle.pk, str(cycle.input_hash), decided)
    found = _LAST_FORESEEN.get(key)
    if found is None:
        found = _foresee(cycle, decided=decided)
        _LAST_FORESEEN.clear()
        _LAST_FORESEEN[key] = found
    return found


def _foresee(cycle: Cycle, *, decided: bool) -> Foreseen:
    totals = _LAST_TOTALS.get((cycle.pk, str(cycle.input_hash))) or totals_of(cycle.pk)
    positions = compute_positions(cycle.pk, totals)
    names = party_keys(positions)
    return Foreseen(
        decided=decided,
        missing={} if decided else missing_money(positions),
        positions=positions,
        names=names,
        order=sorted(positions, key=lambda key: names[key].encode()),
        payments=totals.payments,
        digest=output_digest(
            currency=cycle.currency,
            positions={
                names[key]: (*position.parts, position.net_minor) for key, position in positions.items()
            },
        ),
    )


def net(cycle: Cycle, actor: Actor, ahead: Foreseen | None = None) -> bool:
    """Do the next chunk: set aside own money, decide the shortfalls with the last of it, or write positions.

    Does nothing while an earlier cycle has still to plan payments to somebody who would be short here.

    The last chunk of positions also writes the hash over them and the cycle's root: the cycle is netted, and final.
    """
    ahead = ahead or foresee(cycle)
    if ahead.decided != has_ended(cycle, StepPart.COVER):
        return False
    if ahead.missing:
        return _cover_chunk(cycle, actor, ahead)
    if _write_chunk(cycle, ahead).ended_at is None:
        return True
    return _record_netting(cycle, actor, ahead)


def _cover_chunk(cycle: Cycle, actor: Actor, ahead: Foreseen) -> bool:
    part = part_of(cycle, StepPart.COVER, count=ahead.missing.__len__)
    lacking = [key for key in ahead.order if key in ahead.missing]
    first = bisect_right(lacking, part.reached, key=ahead.names.__getitem__)
    chunk = lacking[first : first + COVERS_A_CHUNK]
    set_aside(cycle, {key: ahead.missing[key] for key in chunk})
    ended = first + len(chunk) == len(lacking)
    if ended and not decide_shortfalls(cycle, ahead.positions, ahead.missing, actor):
        return False
    record_chunk(part, done=len(chunk), reached=ahead.names[chunk[-1]], ended=ended)
    return True


def _write_chunk(cycle: Cycle, ahead: Foreseen) -> CyclePart:
    part = part_of(cycle, StepPart.POSITIONS, count=ahead.order.__len__)
    chunk = ahead.order[part.done : part.done + POSITIONS_A_CHUNK]
    _write_positions(cycle, {key: ahead.positions[key] for key in chunk}, ahead.names)
    record_chunk(
        part,
        done=len(chunk),
        reached=ahead.names[chunk[-1]],
        ended=part.done + len(chunk) == len(ahead.order),
    )
    return part


def _record_netting(cycle: Cycle, actor: Actor, ahead: Foreseen) -> bool:
    summary = summarise(ahead.positions)
    write_blocks(cycle, ProofTree.POSITIONS, ahead.digest.blocks)
    _LAST_FORESEEN.clear()
    _LAST_TOTALS.clear()
    return move_cycle(
        cycle,
        actor,
        "net",
        evidence=shortfall_figures(cycle, ahead.positions),
        netted_at=clock.now(),
        gross_minor=summary.gross_minor,
        net_minor=summary.net_minor,
        payments_before=ahead.payments,
        payments_after=summary.payments_after,
        output_hash=ahead.digest.output_hash,
        merkle_root=cycle_root(str(cycle.trades_root), ahead.digest.positions_root),
    )


def _write_positions(cycle: Cycle, positions: dict[int, Position], names: dict[int, str]) -> None:
    size = len(positions)
    parts = zip(*(position.parts for position in positions.values()), strict=True)
    copy_columns(
        "clearing_netposition",
        {
            "public_id": ("text", new_identifiers("pos", size)),
            "cycle_id": ("bigint", [cycle.pk] * size),
            "organisation_id": ("bigint", list(positions)),
            "party_key": ("text", [names[key] for key in positions]),
            "currency": ("text", [cycle.currency] * size),
            **{name: ("bigint", list(part)) for name, part in zip(POSITION_COLUMNS, parts, strict=True)},
            "net_minor": ("bigint", [position.net_minor for position in positions.values()]),
        },
    )
