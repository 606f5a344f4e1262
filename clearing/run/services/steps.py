"""The steps of a cycle. Each receives the cycle's locked row and returns whether it did anything.

The content of a cycle cannot change after it is closed. It is therefore read before the row is locked, on several
connections at once, and passed to the step (``READ_AHEAD``); the result counts only if no other step ran meanwhile.
A step that receives nothing, because it adds to the content itself, reads the content under the lock.

A step that grows with the number of participants works in chunks, each in its own transaction, which records how far
it has come (``cycles.parts``); whoever goes on finds that record. The transaction of the last chunk advances the cycle by
one state: running the step again finds another state and does nothing, and an overtaken worker holds an older epoch
and does not get the row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.db import connection

from marketplace.events.queries import count_unhandled_before
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.guards import sql_list

from ...cycles.errors import CycleFaulty
from ...cycles.models import Cycle
from ...cycles.parts import has_ended
from ...cycles.states import CycleState, StepPart
from ...ground.parallel import read_in_parallel
from ...invoices.services.issuing import Batch, all_issued, issue_invoices, next_batch
from ...invoices.services.telling import tell_some_participants
from ...ledger.models import Entry
from ...ledger.states import EntryKind
from ...netting.proof_blocks import write_blocks
from ...netting.proofs import InputDigest, input_digest
from ...netting.recomputation import Totals, combine_totals, sum_obligations
from ...netting.states import ProofTree
from ...settlement.models import SettlementInstruction
from ...settlement.planning import plan_some_payments
from ...trades.obligation_kinds import BASE_KINDS
from ...trades.services.fee_rebates import has_rebates, make_some_rebates
from ...trades.states import ObligationKind
from ..outcome import settlement_outcome
from .moves import move_cycle
from .netting import foresee, keep_totals, net
from .posting import post_chunk

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
    """The content of a cycle that waits for no event and has all its rebates; else None."""
    if _waits_for_events(cycle) or not has_rebates(cycle):
        return None
    return examine(cycle)


def validate(cycle: Cycle, actor: Actor, ahead: Content | None = None) -> bool:
    """Check the content and record its hash and root, after all events from before the barrier were handled.

    Before that, make the fee rebates, those of some payers at a time.
    """
    if _waits_for_events(cycle):
        return False
    if not has_rebates(cycle):
        make_some_rebates(cycle)
        return True
    content = ahead or examine(cycle)
    if content.faults:
        found = ", ".join(f"{count} {what}" for what, count in content.faults.items())
        raise CycleFaulty(cycle=cycle.business_key, faults=found)
    write_blocks(cycle, ProofTree.TRADES, content.digest.blocks)
    keep_totals(cycle, content.digest.input_hash, content.totals)
    return move_cycle(
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


def post(cycle: Cycle, actor: Actor, _: None = None) -> bool:
    """Post the entries of some participants; when all are posted, the cycle is.

    It counts as posted at the business time at which posting began, as its entries do.
    """
    part = post_chunk(cycle)
    if part.ended_at is None:
        return True
    return move_cycle(
        cycle,
        actor,
        "post",
        evidence={
            "entries": Entry.objects.filter(cycle=cycle, kind=EntryKind.CYCLE).count(),
            "output_hash": cycle.output_hash,
            "merkle_root": cycle.merkle_root,
        },
        posted_at=part.booked_at,
    )


def draft_ahead(cycle: Cycle) -> Batch | None:
    """The next documents of a cycle whose payments are all planned and whose documents are not all issued; else None."""
    if not has_ended(cycle, StepPart.PAYMENTS) or all_issued(cycle):
        return None
    return next_batch(cycle)


def instruct(cycle: Cycle, actor: Actor, ahead: Batch | None = None) -> bool:
    """Plan the payments of some participants; when all are planned, issue some documents; when all are issued, tell some
    participants of theirs.
    """
    if not has_ended(cycle, StepPart.PAYMENTS):
        plan_some_payments(cycle)
        return True
    if not all_issued(cycle) and issue_invoices(cycle, ahead):
        return True
    if not all_issued(cycle):
        return False
    if tell_some_participants(cycle).ended_at is None:
        return True
    payments = SettlementInstruction.objects.filter(cycle=cycle).count()
    return move_cycle(cycle, actor, "instruct", evidence={"payments": payments})


def settle(cycle: Cycle, actor: Actor, _: None = None) -> bool:
    """Settled when all payments are confirmed and nothing is deferred; partial when the remainder can only wait."""
    outcome = settlement_outcome(cycle)
    if outcome is None and cycle.state == CycleState.SETTLED:
        # A payment was returned and made again before this step ran.
        outcome = CycleState.PARTIAL
    if outcome is None or outcome == cycle.state:
        return False
    if outcome == CycleState.PARTIAL:
        return move_cycle(cycle, actor, "settle_in_part")
    return move_cycle(cycle, actor, "settle", settled_at=cycle.settled_at or clock.now())


READ_AHEAD: dict[str, Callable[[Cycle], Any]] = {
    CycleState.CLOSING: examine_ahead,
    CycleState.VALIDATED: foresee,
    CycleState.POSTED: draft_ahead,
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
