"""What a cycle would come to if it were taken on now. Nothing is written: the database itself sees to that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from marketplace.events.queries import count_unhandled_before
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.queries import operator_organisation

from ...cycles.models import Cycle
from ...cycles.queries import cycle_of
from ...cycles.states import CUT_OFF_STATES, CycleState
from ...ledger.models import Balance
from ...ledger.states import AccountKind
from ...netting.positions import PartyTotal, Position, Summary, summarise
from ...netting.recomputation import Totals, computed_positions
from ...trades.fee_rebates import Rebate, fee_rebates
from ...trades.states import ObligationKind
from .steps import SUBSCRIBER, Content, examined

POSITIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ForeseenPosition:
    """What the cycle would come to for a participant, or the operator; ``left_minor`` is what by bank or by claim.

    Purchases were paid for when they were secured, so ``left_minor`` is the net without them: positive is paid out,
    less what the participant owes from before; negative is a shortfall.
    """

    organisation_id: int
    net_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class ForeseenShortfall:
    """What a participant would owe the cycle beyond what it brings: met of its own money, and what that leaves."""

    organisation_id: int
    short_minor: int
    available_minor: int
    missing_minor: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """A cycle as it would be netted now.

    ``positions`` are the largest by amount, counted whole in ``creditors``, ``debtors`` and ``even``. Shortfalls are
    foreseen until the cycle is posted; afterwards they have been dealt with. ``events_unseen`` were committed before
    the cut-off (of an open cycle: before now) and may yet change what is cleared; the faults of its ``content`` would
    keep the cycle from being validated.
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
    """Compute what ``cycle`` would come to now, by the code of the real steps, and leave no trace.

    Fees that will come back by volume are foreseen, though their lines are not in the ``input_hash`` of the content
    yet; what would be put off for lack of money is not.
    Everything is read from one snapshot in a transaction that cannot write, so it has to be the caller's outermost.
    Raises Missing, Forbidden.
    """
    actor.require_operator()
    with unchanging_database():
        return _computed(cycle_of(cycle), positions_shown)


@contextmanager
def unchanging_database() -> Iterator[None]:
    """One snapshot for all that is read inside, in which PostgreSQL refuses to write."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _computed(cycle: Cycle, positions_shown: int) -> DryRun:
    content = examined(cycle)
    if cycle.state in (CycleState.OPEN, CycleState.CLOSING):
        content = content._replace(totals=_with_rebates(content.totals, list(fee_rebates(cycle))))
    positions = computed_positions(cycle.pk, content.totals)
    foreseen = [
        ForeseenPosition(key, position.net_minor, left_minor(position)) for key, position in positions.items()
    ]
    foreseen.sort(key=lambda row: (-abs(row.net_minor), row.organisation_id))
    dealt_with = cycle.state not in (CycleState.OPEN, *CUT_OFF_STATES)
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
        shortfalls=[] if dealt_with else _shortfalls(cycle, foreseen),
    )


def _with_rebates(totals: Totals, rebates: list[Rebate]) -> Totals:
    """The totals once these rebates were made: a rebate is owed by the operator and due to who bore the fee."""
    due = {total[:3]: total for total in totals.due}
    for rebate in rebates:
        key = (rebate.payer_id, ObligationKind.FEE_REFUND.value, rebate.tax_rate_bp)
        standing = due.get(key, PartyTotal(*key, 0, 0))
        due[key] = standing._replace(amount_minor=standing.amount_minor + rebate.amount_minor)
    return totals._replace(
        due=list(due.values()),
        obligations=totals.obligations + len(rebates),
        payments=totals.payments + len(rebates),
    )


def left_minor(position: Position) -> int:
    """What a net position comes to without purchases, which were paid for when they were secured."""
    return position.net_minor - position.purchases_minor - position.purchase_tax_minor


def _shortfalls(cycle: Cycle, foreseen: list[ForeseenPosition]) -> list[ForeseenShortfall]:
    """Who would owe more than it brings, the largest first, beside the money of its own that would meet it."""
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
    return [
        ForeseenShortfall(key, minor, available.get(key, 0), max(minor - available.get(key, 0), 0))
        for key, minor in sorted(short.items(), key=lambda row: (-row[1], row[0]))
    ]


def _events_unseen(cycle: Cycle) -> int:
    if cycle.barrier is not None:
        return count_unhandled_before(int(str(cycle.barrier)), SUBSCRIBER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return count_unhandled_before(int(cursor.fetchone()[0]), SUBSCRIBER)
