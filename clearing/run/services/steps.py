"""The steps of a cycle. Each gets the cycle's row locked, and says whether it did anything.

What is to be cleared cannot change any more once the cycle is closed. So it is gone through before the row is locked, on
several connections at a time, and the step gets what came out (``READ_AHEAD``); that counts only if no other step was taken
meanwhile. A step that gets nothing, because it adds to the cycle itself, goes through it under the lock.

A step moves the cycle by one state in the transaction that does its work, so running it again finds another state
and does nothing; a worker that was overtaken holds an older epoch and does not get the row.
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
from ...netting.recomputation import Totals, computed_positions, summed, totals_of, totals_out_of
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
    """What a cycle is to clear, the digest over it, and what is wrong with it: fault → how many."""

    trades: int
    totals: Totals
    digest: InputDigest
    faults: dict[str, int]


def examined(cycle: Cycle) -> Content:
    """Hash, count and check the trades and obligations of a cycle as they stand.

    What the trades state in all is compared with what is owed by them in all; they are gone through one by one
    only where that differs, to say how many it is.
    """
    with (
        read_in_parallel(partial(summed, "debtor", cycle.pk)) as owed,
        read_in_parallel(partial(summed, "creditor", cycle.pk)) as due,
    ):
        digest = input_digest(cycle_id=cycle.pk, currency=cycle.currency)
        totals = totals_out_of(cycle.pk, owed=owed(), due=due())
    purchases, price, tax = totals.made.get(ObligationKind.PURCHASE, _NOTHING)
    fees, fee, _ = totals.made.get(ObligationKind.FEE, _NOTHING)
    agreed = digest.stated == (purchases, price, tax, fee)
    faults = {
        "trades without fee or fees without trade": abs(purchases - fees),
        "prices that are not as agreed or of trades not accepted": 0 if agreed else _unlike_trade(cycle),
    }
    return Content(purchases, totals, digest, {what: count for what, count in faults.items() if count})


def examined_ahead(cycle: Cycle) -> Content | None:
    """The content of a cycle that waits for nothing more, and has no rebates to be made yet."""
    if _waits(cycle) or next(fee_rebates(cycle), None):
        return None
    return examined(cycle)


def validate(cycle: Cycle, actor: Actor, ahead: Content | None = None) -> bool:
    """Check what is to be cleared and take its hash and root, once every event from before the barrier was seen."""
    if _waits(cycle):
        return False
    content = examined(cycle) if make_fee_rebates(cycle) or ahead is None else ahead
    if content.faults:
        found = ", ".join(f"{count} {what}" for what, count in content.faults.items())
        raise CycleFaulty(cycle=cycle.business_key, faults=found)
    write_blocks(cycle, ProofTree.TRADES, content.digest.blocks)
    _LAST_SUMMED.clear()
    _LAST_SUMMED[cycle.pk, content.digest.input_hash] = content.totals
    return _move(
        cycle,
        actor,
        "validate",
        trades=content.trades,
        obligations=content.totals.obligations,
        input_hash=content.digest.input_hash,
        trades_root=content.digest.trades_root,
    )


def _waits(cycle: Cycle) -> bool:
    return count_unhandled_before(int(str(cycle.barrier)), SUBSCRIBER) > 0


def _unlike_trade(cycle: Cycle) -> int:
    """How many obligations are not as their trade states them; a trade that nothing is owed by counts as one."""
    with connection.cursor() as cursor:
        cursor.execute(_UNLIKE_TRADE, [cycle.pk])
        return int(cursor.fetchone()[0]) or 1


_LAST_SUMMED: dict[tuple[int, str], Totals] = {}
"""The totals of the cycle that this process validated last, under the hash of its content: who nets it next, in the same
process, need not sum a million obligations again. Another process sums them itself."""


def summed_ahead(cycle: Cycle) -> Totals:
    """The totals of a validated cycle."""
    return _LAST_SUMMED.pop((cycle.pk, str(cycle.input_hash)), None) or totals_of(cycle.pk)


def net(cycle: Cycle, actor: Actor, ahead: Totals | None = None) -> bool:
    """Compute every party's net position, write them in one statement, and take their hash and the cycle's root.

    Who owes more than the cycle brings it has its own money set aside for it now; what cannot be met is put off.
    """
    totals = ahead or totals_of(cycle.pk)
    positions = computed_positions(cycle.pk, totals)
    shortfalls = meet_shortfalls(cycle, positions, actor)
    names = party_keys(positions)
    _write_positions(cycle, positions, names)
    summary = summarise(positions)
    digest = output_digest(
        currency=cycle.currency,
        positions={names[key]: (*position.parts, position.net_minor) for key, position in positions.items()},
    )
    write_blocks(cycle, ProofTree.POSITIONS, digest.blocks)
    return _move(
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
    """Post one entry a participant: what netting made final is in the ledger."""
    entries = post_positions(cycle)
    return _move(
        cycle,
        actor,
        "post",
        evidence={"entries": entries, "output_hash": cycle.output_hash, "merkle_root": cycle.merkle_root},
        posted_at=clock.now(),
    )


def instruct(cycle: Cycle, actor: Actor, _: None = None) -> bool:
    """Issue the invoices, some at a time; when all are out, plan one payment a participant."""
    if issue_invoices(cycle):
        return True
    payments = plan_payments(cycle)
    return _move(cycle, actor, "instruct", evidence={"payments": payments})


def settle(cycle: Cycle, actor: Actor, _: None = None) -> bool:
    """Settled when every payment is confirmed and nothing is deferred; in part when the rest can only wait."""
    outcome = settlement_outcome(cycle)
    if outcome is None and cycle.state == CycleState.SETTLED:
        outcome = (
            CycleState.PARTIAL
        )  # a payment came back, and is on its way again before the cycle was looked at
    if outcome is None or outcome == cycle.state:
        return False
    if outcome == CycleState.PARTIAL:
        return _move(cycle, actor, "settle_in_part")
    return _move(cycle, actor, "settle", settled_at=cycle.settled_at or clock.now())


def _move(
    cycle: Cycle, actor: Actor, command: str, *, evidence: dict[str, Any] | None = None, **changes: Any
) -> bool:
    """Advance the cycle, count its epoch, and leave one record of the step and of its time."""
    advance(cycle, CYCLE, command=command, role="system", epoch=cycle.epoch + 1, **changes)
    told = {name: value for name, value in changes.items() if not name.endswith("_at")}
    record(
        kind=f"clearing.cycle_{cycle.state}",
        subject=cycle.public_id,
        actor=actor,
        payload={"business_key": cycle.business_key, "epoch": cycle.epoch, **told, **(evidence or {})},
    )
    emit(CycleMoved(cycle=cycle.public_id, state=cycle.state))
    return True


READ_AHEAD: dict[str, Callable[[Cycle], Any]] = {
    CycleState.CLOSING: examined_ahead,
    CycleState.VALIDATED: summed_ahead,
}
"""What is gone through before the step of a state is taken."""

STEPS: dict[str, Callable[[Cycle, Actor, Any], bool]] = {
    CycleState.CLOSING: validate,
    CycleState.VALIDATED: net,
    CycleState.NETTED: post,
    CycleState.POSTED: instruct,
    CycleState.SETTLING: settle,
    CycleState.PARTIAL: settle,
    CycleState.SETTLED: settle,
}
"""What each state leads to; states that are not named wait for a command."""
