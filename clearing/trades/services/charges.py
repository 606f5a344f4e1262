"""Makes trades of later charges when they are due, and records metered use."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.db import transaction
from django.db.models import Sum

from listings.states import Charging
from marketplace.events.schemas.delivery import UsageRecorded
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.aside import Loop
from marketplace.kernel.bounds import COUNT_MAX
from marketplace.kernel.clock import business_date, market_zone
from marketplace.rules.errors import TradingHalted
from marketplace.rules.services import require_trading_open

from ..charge_models import ChargePlan, PlannedCharge, UsageRecord
from ..errors import UsageFaulty
from ..models import Trade
from ..queries import agreements_due
from ..states import TradeState, UsageRefusal
from .amendments import await_charge, planned_charge
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

    Charging stops while a dispute is open or trading is halted, and for good when the agreement has ended.
    """
    progress = locked_progress(agreement)
    if progress is None or progress.ended_at is not None or progress.dispute is not None:
        return False
    if progress.next_due_on is None or progress.next_due_on > clock.today():
        return False
    first = Trade.objects.get(agreement=agreement, charge=1)
    if not may_charge(first):
        return False
    due = planned_charge(progress.plan, progress.next_charge)
    if due is None:
        raise PlannedCharge.DoesNotExist(f"{agreement} has no charge {progress.next_charge}")
    await_charge(progress, progress.next_charge + 1)
    due_at = datetime.combine(due.due_on, time.min, market_zone()).astimezone(UTC)
    conclude_charge(
        actor=actor, first=first, planned=due, concluded_at=max(due_at, progress.plan.concluded_at)
    )
    return True


@transaction.atomic
def record_usage(*, actor: Actor, event: UsageRecorded) -> UsageRecord:
    """Record one use of metered data, once, and charge it to its period up to the ceiling.

    Use that is not charged is recorded with the reason and never charged. Raises UsageFaulty for an agreement that is
    not metered, for invalid figures, and for a known use with other figures.
    """
    plan = ChargePlan.objects.filter(agreement=event.agreement, charging=Charging.METERED).first()
    if plan is None:
        raise UsageFaulty(usage=event.usage, what="the agreement is not metered")
    try:
        used_at = datetime.fromisoformat(event.used_at)
    except ValueError:
        raise UsageFaulty(usage=event.usage, what=f"{event.used_at} is not a date and time") from None
    if used_at.tzinfo is None:
        raise UsageFaulty(usage=event.usage, what=f"{event.used_at} has no time zone")
    if not (0 <= event.amount_minor <= AMOUNT_MINOR_MAX and 0 <= event.quantity <= COUNT_MAX):
        raise UsageFaulty(
            usage=event.usage, what="amount and quantity must not be negative or beyond their ceilings"
        )
    locked_progress(event.agreement)
    known = UsageRecord.objects.filter(usage=event.usage).first()
    if known is not None:
        recorded = (event.agreement, event.quantity, event.amount_minor, event.currency, used_at)
        if (known.agreement, known.quantity, known.amount_minor, known.currency, known.used_at) != recorded:
            raise UsageFaulty(usage=event.usage, what="it was recorded before with other figures")
        return known
    planned = _period_of(plan, used_at)
    charged_minor, refusal = _chargeable(plan, planned, event)
    record(
        kind="clearing.usage_refused" if refusal is not None else "clearing.usage_recorded",
        subject=event.agreement,
        actor=actor,
        payload={
            "usage": event.usage,
            "amount_minor": event.amount_minor,
            "charged_minor": charged_minor,
            "refusal": refusal.value if refusal is not None else None,
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
    return (
        PlannedCharge.objects.filter(plan=plan, period_from__lte=day, period_until__gt=day)
        .order_by("-version")
        .first()
    )


def _chargeable(
    plan: ChargePlan, planned: PlannedCharge | None, event: UsageRecorded
) -> tuple[int, UsageRefusal | None]:
    """The charged part of a use, and why not all of it; the caller has locked the agreement's progress."""
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
    remaining_minor = max(planned.price_minor - charged, 0)
    if event.amount_minor > remaining_minor:
        return remaining_minor, UsageRefusal.BEYOND_CEILING
    return event.amount_minor, None
