"""What is due by the clock or was left undone, found from the state of the database."""

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
from .cycles import advance_cycle

logger = logging.getLogger(__name__)

TRADES_A_SWEEP = 200
STEPS_A_SWEEP = 20

_FUNDED = """
    SELECT DISTINCT t.buyer_id, t.currency
      FROM clearing_trade t
      JOIN clearing_account a ON a.organisation_id = t.buyer_id AND a.currency = t.currency AND a.kind = 'available'
      JOIN clearing_balance b ON b.account_id = a.id
     WHERE t.state = 'concluded' AND t.gross_minor <= -b.balance_minor
     ORDER BY 1, 2 LIMIT %s
"""


def run_independently(jobs: Iterable[Callable[[], int]]) -> int:
    """Do every job and return what they did in sum.

    One that is refused, or that the database fails, is logged and left to the next sweep: it holds back no other.
    """
    done = 0
    for job in jobs:
        try:
            done += job()
        except DomainError as error:
            logger.error("a sweep was refused, and waits for a person: %s", error)
        except Error:
            logger.exception("a sweep failed, and is tried again by the next one")
    return done


def secure_funded_trades(*, actor: Actor = SYSTEM) -> int:
    """Secure waiting trades whose money is there, buyer by buyer; returns how many were secured."""
    with connection.cursor() as cursor:
        cursor.execute(_FUNDED, [TRADES_A_SWEEP])
        buyers = cursor.fetchall()
    return run_independently(
        partial(secure_waiting_trades, actor=actor, organisation_id=organisation_id, currency=currency)
        for organisation_id, currency in buyers
    )


def carry_out_deadlines(*, actor: Actor = SYSTEM) -> int:
    """Do what is due by the clock; returns how many trades and payments it moved.

    Charges that became due begin; money that is there secures its trades; periods that ended, and data made to
    order whose last moment has come, are accepted; trades whose money did not come in time fail; payments past
    their value date are lost sight of. Each trade is moved in a transaction of its own.
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
    """Take every cycle that is not at its end on by some steps; returns how many steps were done.

    A cycle that refuses, or fails, is logged and left as it is, and does not hold back the others.
    """
    return run_independently(partial(_some_steps, cycle, actor) for cycle in cycles_to_advance())


def _some_steps(cycle: str, actor: Actor) -> int:
    steps = 0
    while steps < STEPS_A_SWEEP and advance_cycle(cycle=cycle, actor=actor) is not None:
        steps += 1
    return steps
