"""Charges after the first: begun when they are due, and use that is told of metered ones."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time

from django.db import transaction
from django.db.models import Sum

from marketplace.events.schemas.delivery import UsageRecorded
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.clock import business_date, market_zone
from marketplace.kernel.errors import DomainError
from marketplace.rules.errors import TradingHalted
from marketplace.rules.services import require_trading_open

from ..charge_models import ChargePlan, PlannedCharge, UsageRecord
from ..errors import UsageFaulty
from ..models import Trade
from ..queries import agreements_due
from ..states import Charging, TradeState, UsageRefusal
from .charge_plans import locked_progress
from .trades import conclude_charge

logger = logging.getLogger(__name__)


def may_charge(trade: Trade) -> bool:
    """Whether a further charge of the agreement of ``trade`` may begin now: not while its trading is halted.

    Until the transaction ends no halt is declared, as for the signature of an agreement.
    """
    try:
        require_trading_open(listing=trade.listing, segment=trade.segment)
    except TradingHalted:
        return False
    return True


def begin_due_charges(*, actor: Actor = SYSTEM, limit: int) -> int:
    """Make trades of charges that have become due, at most ``limit``, each in its own transaction; returns how many.

    After an outage it catches up, charge by charge, in order: none is passed over and none made twice. Where a
    charge cannot be made, that is logged and does not hold back the others.
    """
    begun = 0
    for agreement in agreements_due(clock.today()):
        try:
            while begun < limit and begin_next_charge(actor=actor, agreement=agreement):
                begun += 1
        except DomainError as error:
            logger.error("the next charge of %s waits for a person: %s", agreement, error)
        if begun >= limit:
            break
    return begun


@transaction.atomic
def begin_next_charge(*, actor: Actor, agreement: str) -> bool:
    """Make the next charge of an agreement a trade; False if none is due, or the agreement does not go on.

    It does not go on while a complaint is open or trading is halted, nor ever after it has ended.
    """
    progress = locked_progress(agreement)
    if progress is None or progress.ended_at is not None or progress.dispute is not None:
        return False
    if progress.next_due_on is None or progress.next_due_on > clock.today():
        return False
    first = Trade.objects.get(agreement=agreement, charge=1)
    if not may_charge(first):
        return False
    planned = {
        row.charge: row
        for row in PlannedCharge.objects.select_related("plan").filter(
            plan=progress.plan_id, charge__in=(progress.next_charge, progress.next_charge + 1)
        )
    }
    due = planned[progress.next_charge]
    following = planned.get(progress.next_charge + 1)
    progress.next_charge += 1
    progress.next_due_on = following.due_on if following else None
    progress.save(update_fields=["next_charge", "next_due_on"])
    due_at = datetime.combine(due.due_on, time.min, market_zone()).astimezone(UTC)
    conclude_charge(
        actor=actor, first=first, planned=due, concluded_at=max(due_at, progress.plan.concluded_at)
    )
    return True


@transaction.atomic
def record_usage(*, actor: Actor, event: UsageRecorded) -> UsageRecord:
    """Keep one use of metered data, once, and charge it to its period as far as the ceiling goes.

    The rest is kept too, with why it is not charged, and never will be. Raises UsageFaulty for an agreement that is
    not metered, and for a use that is told again otherwise.
    """
    plan = ChargePlan.objects.filter(agreement=event.agreement, charging=Charging.METERED).first()
    if plan is None:
        raise UsageFaulty(usage=event.usage, what="the agreement is not metered")
    try:
        used_at = datetime.fromisoformat(event.used_at)
    except ValueError:
        raise UsageFaulty(usage=event.usage, what=f"{event.used_at} is no instant") from None
    if used_at.tzinfo is None:
        raise UsageFaulty(usage=event.usage, what=f"{event.used_at} has no time zone")
    if event.amount_minor < 0 or event.quantity < 0:
        raise UsageFaulty(usage=event.usage, what="a use is never negative")
    locked_progress(event.agreement)
    known = UsageRecord.objects.filter(usage=event.usage).first()
    if known is not None:
        told = (event.agreement, event.quantity, event.amount_minor, event.currency, used_at)
        if (known.agreement, known.quantity, known.amount_minor, known.currency, known.used_at) != told:
            raise UsageFaulty(usage=event.usage, what="it was told before with other figures")
        return known
    planned = _period_of(plan, used_at)
    charged_minor, refusal = _chargeable(plan, planned, event)
    if refusal is not None:
        record(
            kind="clearing.usage_refused",
            subject=event.agreement,
            actor=actor,
            payload={
                "usage": event.usage,
                "amount_minor": event.amount_minor,
                "charged_minor": charged_minor,
                "refusal": refusal.value,
            },
        )
    return UsageRecord.objects.create(
        usage=event.usage,
        agreement=event.agreement,
        planned=planned,
        quantity=event.quantity,
        amount_minor=event.amount_minor,
        charged_minor=charged_minor,
        currency=event.currency,
        refusal=refusal,
        used_at=used_at,
        recorded_at=clock.now(),
    )


def _period_of(plan: ChargePlan, used_at: datetime) -> PlannedCharge | None:
    day = business_date(used_at)
    return PlannedCharge.objects.filter(plan=plan, period_from__lte=day, period_until__gt=day).first()


def _chargeable(
    plan: ChargePlan, planned: PlannedCharge | None, event: UsageRecorded
) -> tuple[int, UsageRefusal | None]:
    """How much of a use is charged, and why not all of it; the caller holds the agreement's progress locked."""
    if event.currency != plan.currency:
        return 0, UsageRefusal.OTHER_CURRENCY
    if planned is None:
        return 0, UsageRefusal.NO_PERIOD
    trade = Trade.objects.filter(agreement=plan.agreement, charge=planned.charge).first()
    if trade is not None and trade.state not in (
        TradeState.CONCLUDED,
        TradeState.SECURED,
        TradeState.DISPUTED,
    ):
        return 0, UsageRefusal.PERIOD_CLOSED
    charged = UsageRecord.objects.filter(planned=planned).aggregate(total=Sum("charged_minor"))["total"] or 0
    left_minor = max(planned.price_minor - charged, 0)
    if event.amount_minor > left_minor:
        return left_minor, UsageRefusal.BEYOND_CEILING
    return event.amount_minor, None
