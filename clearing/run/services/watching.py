"""Watches client money: work that is due by the clock independent of any cycle."""

from __future__ import annotations

from functools import partial

from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop

from ...safeguarding.services.idle_money import return_idle_money
from ...safeguarding.services.segregation import check_client_money
from ...settlement.services.payments import alarm_lost_payments
from ...settlement.services.reserve import lower_reserves
from .sweeping import run_independently

WATCHES = (check_client_money, return_idle_money, alarm_lost_payments, lower_reserves)
MONEY = Loop("clearing.watch_money")


def watch_money(*, actor: Actor = SYSTEM) -> int:
    """Run segregation checks, returns of idle money, payment alarms, and announced reductions of the reserve; returns the sum."""
    return run_independently(MONEY, {watch.__name__: partial(watch, actor=actor) for watch in WATCHES})
