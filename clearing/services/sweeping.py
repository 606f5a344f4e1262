"""What is due by the clock or was left undone, found from the state of the database."""

from __future__ import annotations

import logging

from django.db import connection

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import DomainError

from ..models import Trade
from ..queries.cycles import cycles_to_advance
from ..states import TradeState
from .acceptance import accept_ended_periods
from .charges import begin_due_charges
from .commissioned import accept_commissioned
from .cycles import advance_cycle
from .endings import fail_trade
from .payments import mark_overdue_payments
from .trades import secure_waiting_trades

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


def secure_funded_trades(*, actor: Actor = SYSTEM) -> int:
    """Secure waiting trades whose money is there, buyer by buyer; returns how many were secured."""
    with connection.cursor() as cursor:
        cursor.execute(_FUNDED, [TRADES_A_SWEEP])
        buyers = cursor.fetchall()
    return sum(
        secure_waiting_trades(actor=actor, organisation_id=organisation_id, currency=currency)
        for organisation_id, currency in buyers
    )


def carry_out_deadlines(*, actor: Actor = SYSTEM) -> int:
    """Do what is due by the clock; returns how many trades and payments it moved.

    Charges that became due begin; money that is there secures its trades; periods that ended, and data made to
    order whose last moment has come, are accepted; trades whose money did not come in time fail; payments past
    their value date are lost sight of. Each trade is moved in a transaction of its own.
    """
    begun = begin_due_charges(actor=actor, limit=TRADES_A_SWEEP)
    secure_funded_trades(actor=actor)
    accepted = accept_ended_periods(actor=actor, limit=TRADES_A_SWEEP)
    accepted += accept_commissioned(actor=actor, limit=TRADES_A_SWEEP)
    due = (
        Trade.objects.filter(state=TradeState.CONCLUDED, fund_by__lte=clock.now())
        .order_by("fund_by", "pk")
        .values_list("public_id", flat=True)[:TRADES_A_SWEEP]
    )
    failed = sum(fail_trade(actor=actor, trade=trade) for trade in list(due))
    return begun + accepted + failed + mark_overdue_payments(actor=actor)


def advance_cycles(*, actor: Actor = SYSTEM) -> int:
    """Take every cycle that is not at its end on by some steps; returns how many steps were done.

    A cycle that refuses is logged and left as it is, and does not hold back the others.
    """
    steps = 0
    for cycle in cycles_to_advance():
        try:
            while steps < STEPS_A_SWEEP and advance_cycle(cycle=cycle, actor=actor) is not None:
                steps += 1
        except DomainError as error:
            logger.error("cycle %s waits for a person: %s", cycle, error)
    return steps
