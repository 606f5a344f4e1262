"""Makes trades of later charges when they are due."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.clock import market_zone
from marketplace.rules.errors import TradingHalted
from marketplace.rules.services import require_trading_open

from ..charge_models import PlannedCharge
from ..models import Trade
from ..queries import agreements_due
from .amendments import await_charge, is_behind, planned_charge
from .awaited import is_uncounted, make_awaited
from .charge_plans import locked_progress
from .trades import conclude_charge

DUE_CHARGES = Loop("clearing.begin_due_charges")


def may_charge(trade: Trade) -> bool:
    """Whether a further charge of the agreement of ``trade`` may begin: not while its trading is halted.

    No halt is declared until the transaction ends, as at the signature of an agreement.
    """
    try:
        require_trading_open(listing=trade.listing, segment=trade.segment)
    except TradingHalted:
        return False
    return True


def begin_due_charges(*, actor: Actor = SYSTEM, limit: int) -> int:
    """Make trades of due charges, at most ``limit``, each in its own transaction; returns how many.

    After an outage it catches up, charge by charge, in order: none is skipped and none made twice. A charge that cannot
    be made stands aside and does not prevent the others.
    """
    left = limit

    def begin(agreement: str) -> int:
        nonlocal left
        begun = 0
        while left and begin_next_charge(actor=actor, agreement=agreement):
            begun, left = begun + 1, left - 1
        return begun

    return DUE_CHARGES.each(agreements_due(clock.today()), begin)


@transaction.atomic
def begin_next_charge(*, actor: Actor, agreement: str) -> bool:
    """Make a trade of an agreement's next charge; False if none is due or charging has stopped.

    Charging stops while a dispute is open or trading is halted, after the last day of access that ends early, and for good when the
    agreement has ended. A charge waits for the versions of its agreement that were signed.
    """
    progress = locked_progress(agreement)
    if progress is None or progress.ended_at is not None or progress.dispute is not None:
        return False
    if progress.next_due_on is None or progress.next_due_on > clock.today():
        return False
    if progress.stops_after is not None and progress.next_due_on > progress.stops_after:
        return False
    first = Trade.objects.get(agreement=agreement, charge=1)
    if not may_charge(first):
        return False
    # What was signed before this day governs the charge, however late clearing hears of it.
    if is_behind(progress.plan):
        return False
    due = planned_charge(progress.plan, progress.next_charge)
    if due is None:
        raise PlannedCharge.DoesNotExist(f"{agreement} has no charge {progress.next_charge}")
    await_charge(progress, progress.next_charge + 1)
    due_at = datetime.combine(due.due_on, time.min, market_zone()).astimezone(UTC)
    made = conclude_charge(
        actor=actor, first=first, planned=due, concluded_at=max(due_at, progress.plan.concluded_at)
    )
    if not is_uncounted(made):
        make_awaited(made, actor=actor)
    return True
