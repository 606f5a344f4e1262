"""Does due and unfinished work, which it finds in the database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial

from django.db import Error, connection

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import DomainError

from ...settlement.services.payments import mark_overdue_payments
from ...trades.models import Trade
from ...trades.services.acceptance import accept_ended_periods
from ...trades.services.charges import begin_due_charges
from ...trades.services.commissioned import accept_commissioned
from ...trades.services.endings import fail_trade
from ...trades.services.trades import secure_waiting_trades
from ...trades.states import TradeState
from ..queries import cycles_to_advance
from .cycles import advance_for_a_while

logger = logging.getLogger(__name__)

TRADES_A_SWEEP = 200

_FUNDED = """
    SELECT DISTINCT t.buyer_id, t.currency
      FROM clearing_trade t
      JOIN clearing_account a ON a.organisation_id = t.buyer_id AND a.currency = t.currency AND a.kind = 'available'
      JOIN clearing_balance b ON b.account_id = a.id
     WHERE t.state = 'concluded' AND t.gross_minor <= -b.balance_minor
       AND (t.supply_class IS NOT NULL OR EXISTS (
            SELECT FROM clearing_supplystatement s WHERE s.organisation_id = t.seller_id AND s.listing = t.listing))
     ORDER BY 1, 2 LIMIT %s
"""


def run_independently(jobs: Iterable[Callable[[], int]]) -> int:
    """Run every job and return the sum of their results.

    A refused or failed job is logged and left to the next sweep; it does not prevent the others.
    """
    done = 0
    for job in jobs:
        try:
            done += job()
        except DomainError as error:
            logger.error("a job of the sweep was refused and needs a person: %s", error)
        except Error:
            logger.exception("a job of the sweep failed; the next sweep retries it")
    return done


def secure_funded_trades(*, actor: Actor = SYSTEM) -> int:
    """Secure waiting trades whose money has arrived, buyer by buyer; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FUNDED, [TRADES_A_SWEEP])
        buyers = cursor.fetchall()
    return run_independently(
        partial(secure_waiting_trades, actor=actor, organisation_id=organisation_id, currency=currency)
        for organisation_id, currency in buyers
    )


def carry_out_deadlines(*, actor: Actor = SYSTEM) -> int:
    """Do what is due by the clock; returns how many trades and payments changed.

    Starts due charges; secures trades whose money has arrived; accepts ended periods and data made to order whose last
    moment has come; fails trades that were not funded in time; marks payments past their value date as unknown. Each
    trade changes in its own transaction.
    """
    limit = TRADES_A_SWEEP
    begun = run_independently([partial(begin_due_charges, actor=actor, limit=limit)])
    run_independently([partial(secure_funded_trades, actor=actor)])
    accepted = run_independently(
        [
            partial(accept_ended_periods, actor=actor, limit=limit),
            partial(accept_commissioned, actor=actor, limit=limit),
        ]
    )
    due = (
        Trade.objects.filter(state=TradeState.CONCLUDED, fund_by__lte=clock.now())
        .order_by("fund_by", "pk")
        .values_list("public_id", flat=True)[:limit]
    )
    ended = run_independently(
        [
            *(partial(fail_trade, actor=actor, trade=trade) for trade in due),
            partial(mark_overdue_payments, actor=actor),
        ]
    )
    return begun + accepted + ended


def advance_cycles(*, actor: Actor = SYSTEM) -> int:
    """Advance every unfinished cycle for some seconds; returns how many steps and chunks.

    A cycle that refuses or fails is logged, left as it is, and does not prevent the others.
    """
    return run_independently(partial(_advance, cycle, actor) for cycle in cycles_to_advance())


def _advance(cycle: str, actor: Actor) -> int:
    return advance_for_a_while(cycle=cycle, actor=actor).chunks
