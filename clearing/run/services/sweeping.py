"""Does due and unfinished work, which it finds in the database."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial

from django.db import connection, transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.rules.halt_time import covered_by_halts

from ...ground.parameters import collection_days, guaranteed_payment_days
from ...settlement.services.payments import mark_overdue_payments
from ...trades.models import Trade
from ...trades.services.acceptance import accept_ended_periods, accept_put_off, collect_bills
from ...trades.services.charges import begin_due_charges
from ...trades.services.commissioned import accept_commissioned
from ...trades.services.corrections import refund_put_off_fees
from ...trades.services.endings import fail_trade
from ...trades.services.funding import give_back_halts
from ...trades.services.trades import secure_waiting_trades
from ...trades.states import TradeState
from ..queries import UNFINISHED_CYCLES, cycles_to_advance
from .cycles import advance_for_a_while

TRADES_A_SWEEP = 200

DEADLINES = Loop("clearing.carry_out_deadlines")
FUNDED_TRADES = Loop("clearing.secure_funded_trades")
UNFUNDED_TRADES = Loop("clearing.fail_unfunded_trades")

_FUNDED = """
    SELECT t.public_id, t.buyer_id, t.currency
      FROM clearing_trade t
      LEFT JOIN clearing_account a
        ON a.organisation_id = t.buyer_id AND a.currency = t.currency AND a.kind = 'available'
      LEFT JOIN clearing_balance b ON b.account_id = a.id
     WHERE t.state = 'concluded' AND t.gross_minor <= coalesce(-b.balance_minor, 0) + CASE
            WHEN t.commissioned OR t.charging = 'metered' THEN 0 ELSE coalesce((
              SELECT max(g.amount_minor - g.used_minor) FROM clearing_guarantee g
               WHERE g.organisation_id = t.buyer_id AND g.currency = t.currency
                 AND %(now)s BETWEEN g.valid_from AND g.expires_at - make_interval(days => %(days)s)), 0) END
       AND (t.supply_class IS NOT NULL OR EXISTS (
            SELECT FROM clearing_supplystatement s WHERE s.organisation_id = t.seller_id AND s.listing = t.listing))
     ORDER BY hashint8extended(t.buyer_id, %(turn)s), t.buyer_id, t.currency, t.concluded_at, t.agreement, t.charge
     LIMIT %(limit)s
"""
"""Trades that seem to be covered. One may not be after all, because its last due day is too late or the money is kept for a
bill; so that many of those do not stand before all others each time, buyers take turns by chance."""


def run_independently(loop: Loop, jobs: Mapping[str, Callable[[], int]]) -> int:
    """Run every job by its name and return the sum of their results; one that fails does not prevent the others."""
    return loop.each(jobs, lambda name: jobs[name]())


def secure_funded_trades(*, actor: Actor = SYSTEM) -> int:
    """Secure waiting trades that money or a guarantee covers now, each buyer's in the published order; returns how many.

    One that cannot be secured stands aside, and the buyer's others go on.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _FUNDED,
            {
                "now": clock.now(),
                "days": collection_days() + guaranteed_payment_days(),
                "turn": random.getrandbits(63),
                "limit": TRADES_A_SWEEP + len(FUNDED_TRADES.standing_aside()),
            },
        )
        funded: list[tuple[str, int, str]] = cursor.fetchall()

    @transaction.atomic
    def secure(trade: tuple[str, int, str]) -> int:
        public_id, buyer_id, currency = trade
        return secure_waiting_trades(actor=actor, organisation_id=buyer_id, currency=currency, only=public_id)

    return FUNDED_TRADES.each(funded, secure, subject=lambda trade: trade[0])


def carry_out_deadlines(*, actor: Actor = SYSTEM) -> int:
    """Do what is due by the clock; returns how many trades and payments changed.

    Starts due charges; secures trades whose money has arrived; collects what buyers were billed for; accepts ended periods
    and data made to order whose last moment has come; tries again what was put off; gives back what halts took of the time to pay in; fails trades that were not funded in
    time; marks payments past their value date as unknown. Each trade changes in its own transaction.
    """
    return run_independently(
        DEADLINES,
        {
            "begin_due_charges": partial(begin_due_charges, actor=actor, limit=TRADES_A_SWEEP),
            "secure_funded_trades": partial(secure_funded_trades, actor=actor),
            "collect_bills": partial(collect_bills, actor=actor, limit=TRADES_A_SWEEP),
            "accept_ended_periods": partial(accept_ended_periods, actor=actor, limit=TRADES_A_SWEEP),
            "accept_put_off": partial(accept_put_off, actor=actor),
            "refund_put_off_fees": partial(refund_put_off_fees, actor=actor),
            "accept_commissioned": partial(accept_commissioned, actor=actor, limit=TRADES_A_SWEEP),
            "give_back_halts": partial(give_back_halts, actor=actor, limit=TRADES_A_SWEEP),
            "fail_unfunded_trades": partial(_fail_unfunded_trades, actor),
            "mark_overdue_payments": partial(mark_overdue_payments, actor=actor),
        },
    )


def _fail_unfunded_trades(actor: Actor) -> int:
    due = (
        Trade.objects.filter(state=TradeState.CONCLUDED, fund_by__lte=clock.now())
        .exclude(covered_by_halts())
        .exclude(public_id__in=UNFUNDED_TRADES.standing_aside())
        .order_by("fund_by", "pk")
        .values_list("public_id", flat=True)[:TRADES_A_SWEEP]
    )
    return UNFUNDED_TRADES.each(due, lambda trade: fail_trade(actor=actor, trade=trade))


def advance_cycles(*, actor: Actor = SYSTEM) -> int:
    """Advance every unfinished cycle for some seconds; returns how many steps and chunks.

    A cycle that refuses or fails stands aside, is left as it is, and does not prevent the others; its progress says why.
    """
    return UNFINISHED_CYCLES.each(
        cycles_to_advance(), lambda cycle: advance_for_a_while(cycle=cycle, actor=actor).chunks
    )
