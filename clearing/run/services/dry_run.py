"""Computes the figures that a cycle would have now, in a read-only transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from marketplace.events.queries import count_unhandled_before
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.limits import allow_seconds
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import operator_organisation

from ...cycles.models import Cycle
from ...cycles.queries import cycle_of
from ...cycles.states import CUT_OFF_STATES, CycleState
from ...ledger.models import Balance
from ...ledger.states import AccountKind
from ...netting.positions import PartyTotal, Position, Summary, summarise
from ...netting.recomputation import Totals, compute_positions
from ...settlement.services.cancelling import planned_payments
from ...shortfalls.set_offs import free_parts
from ...trades.fee_rebates import Rebate, fee_rebates
from ...trades.fee_refund_tax import FeeInvoice, RefundedFees
from ...trades.states import ObligationKind
from .steps import SUBSCRIBER, Content, examine

POSITIONS_SHOWN = 20
SECONDS_MAX = 120
"""One snapshot is read in one transaction, which grows with the cycle. It only reads, so it holds back no event."""


@dataclass(frozen=True, slots=True)
class ForeseenPosition:
    """The net position that the cycle would have for a participant or the operator.

    Purchases are paid before the cycle, so ``left_minor`` is the net without them: if positive it is paid out, less
    earlier claims; if negative it is a shortfall.
    """

    organisation_id: int
    net_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class ForeseenShortfall:
    """The shortfall of a participant before its own money, its available money, the part of its planned payments that
    may be set off, and the missing remainder."""

    organisation_id: int
    short_minor: int
    available_minor: int
    planned_minor: int
    missing_minor: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """A cycle as it would be netted now.

    ``positions`` are the largest by amount; ``creditors``, ``debtors`` and ``even`` count all of them. Shortfalls are
    foreseen until the cycle is netted, which meets them. ``events_unseen`` were committed before the cut-off (of an open
    cycle: before now) and may still change the content; the faults of ``content`` would prevent validation.
    """

    cycle: Cycle
    at: datetime
    content: Content
    events_unseen: int
    payments_before: int
    summary: Summary
    payments_planned: int
    creditors: int
    debtors: int
    even: int
    positions: list[ForeseenPosition]
    shortfalls: list[ForeseenShortfall]


def dry_run_cycle(*, actor: Actor, cycle: str, positions_shown: int = POSITIONS_SHOWN) -> DryRun:
    """Compute the figures that ``cycle`` would have now, by the code of the real steps, without writing.

    Includes fee rebates that are still to be made, although their lines are not in the ``input_hash`` yet; excludes
    deferrals. Reads one snapshot in a read-only transaction, which must be the caller's outermost. Raises Missing,
    Forbidden.
    """
    actor.require(Permission.CLEARING_READ)
    with read_only_snapshot():
        return _compute(cycle_of(cycle), positions_shown)


@contextmanager
def read_only_snapshot() -> Iterator[None]:
    """A transaction that reads one snapshot and in which PostgreSQL refuses to write."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        allow_seconds(SECONDS_MAX)
        yield


def _compute(cycle: Cycle, positions_shown: int) -> DryRun:
    content = examine(cycle)
    if cycle.state in (CycleState.OPEN, CycleState.CLOSING):
        content = content._replace(totals=_with_rebates(cycle, content.totals, list(fee_rebates(cycle))))
    positions = compute_positions(cycle.pk, content.totals)
    foreseen = [
        ForeseenPosition(key, position.net_minor, left_minor(position)) for key, position in positions.items()
    ]
    foreseen.sort(key=lambda row: (-abs(row.net_minor), row.organisation_id))
    shortfalls_met = cycle.state not in (CycleState.OPEN, *CUT_OFF_STATES)
    return DryRun(
        cycle=cycle,
        at=clock.now(),
        content=content,
        events_unseen=_events_unseen(cycle),
        payments_before=content.totals.payments,
        summary=summarise(positions),
        payments_planned=sum(row.left_minor > 0 for row in foreseen),
        creditors=sum(row.net_minor > 0 for row in foreseen),
        debtors=sum(row.net_minor < 0 for row in foreseen),
        even=sum(row.net_minor == 0 for row in foreseen),
        positions=foreseen[:positions_shown],
        shortfalls=[] if shortfalls_met else _shortfalls(cycle, foreseen),
    )


def _with_rebates(cycle: Cycle, totals: Totals, rebates: list[Rebate]) -> Totals:
    """The totals including these rebates, which the operator owes to the payer of the fee."""
    earlier = RefundedFees({rebate.payer_id for rebate in rebates})
    due = {total[:3]: total for total in totals.due}
    for rebate in rebates:
        key = (rebate.payer_id, ObligationKind.FEE_REFUND.value, rebate.tax_rate_bp)
        total = due.get(key, PartyTotal(*key, 0, 0))
        fees = FeeInvoice(rebate.payer_id, cycle.pk, rebate.tax_rate_bp)
        due[key] = total._replace(
            amount_minor=total.amount_minor + rebate.amount_minor,
            tax_minor=total.tax_minor + earlier.add(fees, rebate.amount_minor),
        )
    return totals._replace(
        due=list(due.values()),
        obligations=totals.obligations + len(rebates),
        payments=totals.payments + len(rebates),
    )


def left_minor(position: Position) -> int:
    """A net position without purchases, which are paid before the cycle."""
    return position.net_minor - position.purchases_minor - position.purchase_tax_minor


def _shortfalls(cycle: Cycle, foreseen: list[ForeseenPosition]) -> list[ForeseenShortfall]:
    """Participants that would owe more than the cycle brings, largest first, with their own money."""
    short = {row.organisation_id: -row.left_minor for row in foreseen if row.left_minor < 0}
    short.pop(operator_organisation().id, None)
    available = {
        key: -balance
        for key, balance in Balance.objects.filter(
            account__organisation__in=short,
            account__kind=AccountKind.AVAILABLE,
            account__currency=cycle.currency,
        ).values_list("account__organisation_id", "balance_minor")
    }
    planned: dict[int, int] = defaultdict(int)
    for payment, free_minor in free_parts(list(planned_payments(short, cycle.currency)), cycle):
        planned[payment.organisation_id] += free_minor
    return [
        ForeseenShortfall(
            key,
            minor,
            available.get(key, 0),
            planned[key],
            max(minor - available.get(key, 0) - planned[key], 0),
        )
        for key, minor in sorted(short.items(), key=lambda row: (-row[1], row[0]))
    ]


def _events_unseen(cycle: Cycle) -> int:
    if cycle.barrier is not None:
        return count_unhandled_before(int(str(cycle.barrier)), SUBSCRIBER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return count_unhandled_before(int(cursor.fetchone()[0]), SUBSCRIBER)
