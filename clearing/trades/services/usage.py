"""Records metered use, prices it by the signed plan, and charges it to its period."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum

from contracts.plan.queries import metered_price_of
from listings.metering import price_of_uses, uses_in_trial
from listings.states import Charging
from marketplace.events.schemas.delivery import UsageRecorded
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import COUNT_MAX
from marketplace.kernel.clock import business_date

from ..charge_models import ChargePlan, PlannedCharge, UsageRecord
from ..errors import UsageFaulty
from ..models import Trade
from ..states import TradeState, UsageRefusal
from .charge_plans import locked_progress

BEYOND = "amount and quantity must not be negative or beyond their ceilings"


@transaction.atomic
def record_usage(*, actor: Actor, event: UsageRecorded) -> UsageRecord:
    """Record one use of metered data, once, and charge it to its period up to the ceiling.

    What was signed is priced by the signed plan, with its tiers, free uses and trial; the event's amount counts for an agreement that
    has no plan here. Use that is not charged is recorded with the reason and never charged. Raises UsageFaulty for an agreement that
    is not metered, for invalid figures, and for a known use with other figures.
    """
    plan = ChargePlan.objects.filter(agreement=event.agreement, charging=Charging.METERED).first()
    if plan is None:
        raise UsageFaulty(usage=event.usage, what="the agreement is not metered")
    used_at = _instant(event)
    if not (0 <= event.amount_minor <= AMOUNT_MINOR_MAX and 0 <= event.quantity <= COUNT_MAX):
        raise UsageFaulty(usage=event.usage, what=BEYOND)
    locked_progress(event.agreement)
    known = UsageRecord.objects.filter(usage=event.usage).first()
    if known is not None:
        return _as_known(known, event, used_at)
    planned = _period_of(plan, used_at)
    trial_quantity, amount_minor = _priced(plan, planned, event, used_at)
    charged_minor, refusal = _chargeable(plan, planned, event.currency, amount_minor)
    record(
        kind="clearing.usage_refused" if refusal is not None else "clearing.usage_recorded",
        subject=event.agreement,
        actor=actor,
        payload={
            "usage": event.usage,
            "amount_minor": amount_minor,
            "charged_minor": charged_minor,
            "refusal": refusal.value if refusal is not None else None,
        },
    )
    return UsageRecord.objects.create(
        usage=event.usage,
        agreement=event.agreement,
        planned=planned,
        quantity=event.quantity,
        trial_quantity=trial_quantity,
        amount_minor=amount_minor,
        charged_minor=charged_minor,
        currency=event.currency,
        refusal=refusal,
        used_at=used_at,
        recorded_at=clock.now(),
    )


def _instant(event: UsageRecorded) -> datetime:
    try:
        used_at = datetime.fromisoformat(event.used_at)
    except ValueError:
        raise UsageFaulty(usage=event.usage, what=f"{event.used_at} is not a date and time") from None
    if used_at.tzinfo is None:
        raise UsageFaulty(usage=event.usage, what=f"{event.used_at} has no time zone")
    return used_at


def _as_known(known: UsageRecord, event: UsageRecorded, used_at: datetime) -> UsageRecord:
    told = (event.agreement, event.quantity, event.currency, used_at)
    is_same = (known.agreement, known.quantity, known.currency, known.used_at) == told
    # Where the signed plan prices the use, the amount that the event states does not count.
    if not is_same or (
        known.amount_minor != event.amount_minor and metered_price_of(event.agreement) is None
    ):
        raise UsageFaulty(usage=event.usage, what="it was recorded before with other figures")
    return known


def _period_of(plan: ChargePlan, used_at: datetime) -> PlannedCharge | None:
    day = business_date(used_at)
    return PlannedCharge.objects.filter(plan=plan, period_from__lte=day, period_until__gt=day).first()


def _priced(
    plan: ChargePlan, planned: PlannedCharge | None, event: UsageRecorded, used_at: datetime
) -> tuple[int, int]:
    """How many of the uses are a trial, and what the others come to after those of their period that were recorded before."""
    price = metered_price_of(plan.agreement) if planned is not None else None
    if price is None or price.currency != event.currency:
        return 0, event.amount_minor
    recorded = UsageRecord.objects.filter(
        agreement=plan.agreement, currency=event.currency, planned__isnull=False
    )
    of_all = recorded.aggregate(uses=Sum("quantity"))["uses"] or 0
    of_period = (
        recorded.filter(planned=planned).aggregate(uses=Sum(F("quantity") - F("trial_quantity")))["uses"] or 0
    )
    in_trial = uses_in_trial(
        event.quantity,
        before=of_all,
        used_on=business_date(used_at),
        concluded_on=business_date(plan.concluded_at),
        metering=price.metering,
    )
    before_minor, until_minor = (
        price_of_uses(uses, unit_price_minor=price.unit_price_minor, metering=price.metering)
        for uses in (of_period, of_period + event.quantity - in_trial)
    )
    if until_minor - before_minor > AMOUNT_MINOR_MAX:
        raise UsageFaulty(usage=event.usage, what=BEYOND)
    return in_trial, until_minor - before_minor


def _chargeable(
    plan: ChargePlan, planned: PlannedCharge | None, currency: str, amount_minor: int
) -> tuple[int, UsageRefusal | None]:
    """The charged part of a use, and why not all of it; the caller has locked the agreement's progress."""
    if currency != plan.currency:
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
    if amount_minor > remaining_minor:
        return remaining_minor, UsageRefusal.BEYOND_CEILING
    return amount_minor, None
