"""The steps of a cycle. Each receives the cycle's locked row and returns whether it did anything.

The content of a cycle cannot change after it is closed. It is therefore read before the row is locked, on several
connections at once, and passed to the step (``READ_AHEAD``); the result counts only if no other step ran meanwhile.
A step that receives nothing, because it adds to the content itself, reads the content under the lock.

A step advances the cycle by one state in the transaction that does its work: running it again finds another state
and does nothing, and an overtaken worker holds an older epoch and does not get the row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.db import connection

from marketplace.events.queries import count_unhandled_before
from marketplace.events.schemas.clearing import CycleMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.guards import sql_list
from marketplace.kernel.identifiers import new_identifiers
from marketplace.kernel.states import advance

from ...cycles.errors import CycleFaulty
from ...cycles.models import Cycle
from ...cycles.states import CYCLE, CycleState
from ...ground.bulk import insert_columns
from ...ground.parallel import read_in_parallel
from ...ground.parties import party_keys
from ...invoices.services.issuing import issue_invoices
from ...netting.models import POSITION_COLUMNS
from ...netting.positions import Position, summarise
from ...netting.proof_blocks import write_blocks
from ...netting.proofs import InputDigest, cycle_root, input_digest, output_digest
from ...netting.recomputation import Totals, combine_totals, compute_positions, sum_obligations, totals_of
from ...netting.states import ProofTree
from ...settlement.planning import plan_payments
from ...shortfalls.services.shortfalls import meet_shortfalls
from ...trades.fee_rebates import fee_rebates
from ...trades.obligation_kinds import BASE_KINDS
from ...trades.services.fee_rebates import make_fee_rebates
from ...trades.states import ObligationKind
from ..outcome import settlement_outcome
from .posting import post_positions

SUBSCRIBER = "clearing"

_UNLIKE_TRADE = f"""
    SELECT count(*) FROM clearing_obligation o
      LEFT JOIN clearing_trade t ON t.id = o.trade_id AND t.cycle_id = o.cycle_id AND t.currency = o.currency
       AND o.amount_minor = CASE o.kind WHEN 'fee' THEN t.captured_fee_minor ELSE t.captured_price_minor END
       AND (o.kind = 'fee' OR o.tax_minor = t.captured_tax_minor)
     WHERE o.cycle_id = %s AND o.kind IN ({sql_list(BASE_KINDS)}) AND o.deferred_from_id IS NULL AND t.id IS NULL
"""  # noqa: S608  our own words


_NOTHING = (0, 0, 0)


class Content(NamedTuple):
    """What a cycle clears, the digest over it, and its faults: fault → number."""

    trades: int
    totals: Totals
    digest: InputDigest
    faults: dict[str, int]


def examine(cycle: Cycle) -> Content:
    """Hash, count and check the trades and obligations of a cycle.

    Compares the sums of the trades with the sums of their obligations, and single rows only if the sums differ, to
    count the differences.
    """
    with (
        read_in_parallel(partial(sum_obligations, "debtor", cycle.pk)) as owed,
        read_in_parallel(partial(sum_obligations, "creditor", cycle.pk)) as due,
    ):
        digest = input_digest(cycle_id=cycle.pk, currency=cycle.currency)
        totals = combine_totals(cycle.pk, owed=owed(), due=due())
    purchases, price, tax = totals.made.get(ObligationKind.PURCHASE, _NOTHING)
    fees, fee, _ = totals.made.get(ObligationKind.FEE, _NOTHING)
    agreed = digest.stated == (purchases, price, tax, fee)
    faults = {
        "trades without fee or fees without trade": abs(purchases - fees),
        "prices that differ from their trade or of trades not accepted": 0
        if agreed
        else _count_unlike_trade(cycle),
    }
    return Content(purchases, totals, digest, {what: count for what, count in faults.items() if count})


def examine_ahead(cycle: Cycle) -> Content | None:
    """The content of a cycle that waits for no event and has no rebates to make; else None."""
    if _waits_for_events(cycle) or next(fee_rebates(cycle), None):
        return None
    return examine(cycle)


def validate(cycle: Cycle, actor: Actor, ahead: Content | None = None) -> bool:
    """Check the content and record its hash and root, after all events from before the barrier were handled."""
    if _waits_for_events(cycle):
        return False
    content = examine(cycle) if make_fee_rebates(cycle) or ahead is None else ahead
    if content.faults:
        found = ", ".join(f"{count} {what}" for what, count in content.faults.items())
        raise CycleFaulty(cycle=cycle.business_key, faults=found)
    write_blocks(cycle, ProofTree.TRADES, content.digest.blocks)
    _LAST_TOTALS.clear()
    _LAST_TOTALS[cycle.pk, content.digest.input_hash] = content.totals
    return _advance(
        cycle,
        actor,
        "validate",
        trades=content.trades,
        obligations=content.totals.obligations,
        input_hash=content.digest.input_hash,
        trades_root=content.digest.trades_root,
    )


def _waits_for_events(cycle: Cycle) -> bool:
    return count_unhandled_before(int(str(cycle.barrier)), SUBSCRIBER) > 0


def _count_unlike_trade(cycle: Cycle) -> int:
    """Number of obligations that differ from their trade; at least 1, for a trade without obligations."""
    with connection.cursor() as cursor:
        cursor.execute(_UNLIKE_TRADE, [cycle.pk])
        return int(cursor.fetchone()[0]) or 1


_LAST_TOTALS: dict[tuple[int, str], Totals] = {}
"""Totals of the cycle that this process validated last, by the hash of its content: netting in the same process need
not sum a million obligations again; another process sums them itself. Without it, a cycle of a million trades takes
4.5 s instead of 3.9 s (bench/clear.py, medians, 2 cores)."""


def totals_ahead(cycle: Cycle) -> Totals:
    """The totals of a validated cycle."""
    return _LAST_TOTALS.pop((cycle.pk, str(cycle.input_hash)), None) or totals_of(cycle.pk)


def net(cycle: Cycle, actor: Actor, ahead: Totals | None = None) -> bool:
    """Compute all net positions, write them in one statement, and record their hash and the cycle's root.

    Sets aside own money of participants that owe more than the cycle brings; defers what they cannot meet.
    """
    totals = ahead or totals_of(cycle.pk)
    positions = compute_positions(cycle.pk, totals)
    shortfalls = meet_shortfalls(cycle, positions, actor)
    names = party_keys(positions)
    _write_positions(cycle, positions, names)
    summary = summarise(positions)
    digest = output_digest(
        currency=cycle.currency,
        positions={names[key]: (*position.parts, position.net_minor) for key, position in positions.items()},
    )
    write_blocks(cycle, ProofTree.POSITIONS, digest.blocks)
    return _advance(
        cycle,
        actor,
        "net",
        evidence=shortfalls,
        netted_at=clock.now(),
        gross_minor=summary.gross_minor,
        net_minor=summary.net_minor,
        payments_before=totals.payments,
        payments_after=summary.payments_after,
        output_hash=digest.output_hash,
        merkle_root=cycle_root(str(cycle.trades_root), digest.positions_root),
    )


def _write_positions(cycle: Cycle, positions: dict[int, Position], names: dict[int, str]) -> None:
    size = len(positions)
    parts = zip(*(position.parts for position in positions.values()), strict=True)
    insert_columns(
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


def post(cycle: Cycle, actor: Actor, _: None = None) -> bool:
    """Post one entry per participant."""
    entries = post_positions(cycle)
    return _advance(
        cycle,
        actor,
        "post",
        evidence={"entries": entries, "output_hash": cycle.output_hash, "merkle_root": cycle.merkle_root},
        posted_at=clock.now(),
    )


def instruct(cycle: Cycle, actor: Actor, _: None = None) -> bool:
    """Issue some invoices; when all are issued, plan one payment per participant."""
    if issue_invoices(cycle):
        return True
    payments = plan_payments(cycle)
    return _advance(cycle, actor, "instruct", evidence={"payments": payments})


def settle(cycle: Cycle, actor: Actor, _: None = None) -> bool:
    """Settled when all payments are confirmed and nothing is deferred; partial when the remainder can only wait."""
    outcome = settlement_outcome(cycle)
    if outcome is None and cycle.state == CycleState.SETTLED:
        # A payment was returned and made again before this step ran.
        outcome = CycleState.PARTIAL
    if outcome is None or outcome == cycle.state:
        return False
    if outcome == CycleState.PARTIAL:
        return _advance(cycle, actor, "settle_in_part")
    return _advance(cycle, actor, "settle", settled_at=cycle.settled_at or clock.now())


def _advance(
    cycle: Cycle, actor: Actor, command: str, *, evidence: dict[str, Any] | None = None, **changes: Any
) -> bool:
    """Advance the cycle, count its epoch, and record and emit the step."""
    advance(cycle, CYCLE, command=command, role="system", epoch=cycle.epoch + 1, **changes)
    recorded = {name: value for name, value in changes.items() if not name.endswith("_at")}
    record(
        kind=f"clearing.cycle_{cycle.state}",
        subject=cycle.public_id,
        actor=actor,
        payload={"business_key": cycle.business_key, "epoch": cycle.epoch, **recorded, **(evidence or {})},
    )
    emit(CycleMoved(cycle=cycle.public_id, state=cycle.state))
    return True


READ_AHEAD: dict[str, Callable[[Cycle], Any]] = {
    CycleState.CLOSING: examine_ahead,
    CycleState.VALIDATED: totals_ahead,
}
"""Functions that read the content before the step of a state locks the row."""

STEPS: dict[str, Callable[[Cycle, Actor, Any], bool]] = {
    CycleState.CLOSING: validate,
    CycleState.VALIDATED: net,
    CycleState.NETTED: post,
    CycleState.POSTED: instruct,
    CycleState.SETTLING: settle,
    CycleState.PARTIAL: settle,
    CycleState.SETTLED: settle,
}
"""The step of each state; other states wait for a command."""
