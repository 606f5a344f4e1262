"""Accepts trades: of a delivery, of instalments after it, of periods that ended."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Sum

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.states import advance

from ...ground.parameters import usage_days
from ..charge_models import UsageRecord
from ..models import Trade
from ..queries import ended_periods
from ..states import PERIODIC, TRADE, Charging, TradeState
from ..terms import tax_and_fee_of
from .charge_plans import locked_progress
from .eligibility import cycle_for, make_base_obligations
from .holds import capture_hold, locked_trade, locked_trades, record_trade

ENDED_PERIODS = Loop("clearing.accept_ended_periods")


@transaction.atomic
def accept_trade(
    *,
    actor: Actor,
    agreement: str,
    transaction_id: int | None,
    charge: int = 1,
    used_minor: int | None = None,
) -> Trade:
    """Accept a delivered trade: make its obligations in its cycle and capture its hold.

    ``transaction_id`` committed the acceptance; it decides between two cycles at a cut-off. ``used_minor`` is the price
    without tax of what was used, if less than the price: the remainder of the hold returns to the buyer. For a metered
    period it is the recorded use. Does nothing on an accepted or refunded trade. Raises IllegalTransition while a
    dispute is open, NoOpenCycle, and ValueError for more than is on hold.
    """
    trade = locked_trade(agreement=agreement, charge=charge)
    if trade.state in (TradeState.ACCEPTED, TradeState.REFUNDED):
        return trade
    return accept_locked_trade(trade, actor=actor, transaction_id=transaction_id, used_minor=used_minor)


def accept_locked_trade(
    trade: Trade,
    *,
    actor: Actor,
    transaction_id: int | None = None,
    used_minor: int | None = None,
    command: str = "accept",
    evidence_kind: str = "accepted",
) -> Trade:
    """Accept a trade that the caller has locked: make its obligations and capture its hold."""
    if trade.charging == Charging.METERED:
        used_minor = charged_use(trade)
    captured = _captured(trade, used_minor)
    cycle = cycle_for(trade.currency, transaction_id)
    advance(
        trade,
        TRADE,
        command=command,
        role="system",
        accepted_at=clock.now(),
        cycle_id=cycle.id,
        **captured,
    )
    make_base_obligations(trade, cycle)
    capture_hold(trade)
    gross_minor = (trade.captured_price_minor or 0) + (trade.captured_tax_minor or 0)
    record_trade(evidence_kind, trade, actor, gross_minor=gross_minor, cycle=cycle.business_key)
    return trade


def charged_use(trade: Trade) -> int:
    """The charged use of a metered period, without tax, in minor units."""
    used = UsageRecord.objects.filter(
        planned__plan__agreement=trade.agreement, planned__charge=trade.charge
    ).aggregate(total=Sum("charged_minor"))
    return int(used["total"] or 0)


def _captured(trade: Trade, used_minor: int | None) -> dict[str, int]:
    """Price, tax and fee of what was used; of a part of the price by the tariff and rates of the conclusion."""
    if used_minor is None or used_minor == trade.price_minor:
        return {
            "captured_price_minor": trade.price_minor,
            "captured_tax_minor": trade.tax_minor,
            "captured_fee_minor": trade.fee_minor,
        }
    if not 0 <= used_minor < trade.price_minor:
        raise ValueError(f"{used_minor} exceeds the hold of {trade.public_id}")
    charges = tax_and_fee_of(
        price_minor=used_minor,
        currency=trade.currency,
        tax_category=trade.tax_category,
        segment=trade.segment,
        concluded_at=trade.concluded_at,
    )
    return {
        "captured_price_minor": used_minor,
        "captured_tax_minor": charges.tax_minor,
        "captured_fee_minor": charges.fee_minor,
    }


@transaction.atomic
def accept_delivered(*, actor: Actor, agreement: str, transaction_id: int | None) -> None:
    """Accept the trades that an accepted delivery makes payable.

    These are a price paid at once and every secured instalment; later instalments follow when they are secured. Periods
    can from now on be accepted when they end (``accept_ended_periods``). Raises as ``accept_trade``.
    """
    progress = locked_progress(agreement)
    if progress is not None:
        if progress.delivered_at is None:
            progress.delivered_at = clock.now()
            progress.save(update_fields=["delivered_at"])
        if progress.plan.charging in PERIODIC:
            return
    for trade in locked_trades(agreement):
        if trade.state == TradeState.SECURED or trade.charge == 1:
            accept_trade(actor=actor, agreement=agreement, transaction_id=transaction_id, charge=trade.charge)


def accept_ended_periods(*, actor: Actor = SYSTEM, limit: int) -> int:
    """Accept delivered periods that have ended, at most ``limit``; returns how many.

    A period counts as delivered once the delivery of its agreement was accepted. A disputed period waits. Metered periods
    wait ``usage_days`` longer for late records of use; the unused part of their hold returns to the buyer.
    """
    today = clock.today()
    found = ended_periods(
        until=today,
        metered_until=today - timedelta(days=usage_days()),
        limit=limit + len(ENDED_PERIODS.standing_aside()),
    )
    return ENDED_PERIODS.each(
        found,
        lambda period: _accept_period(actor, *period),
        subject=lambda period: f"{period[0]} {period[1]}",
    )


@transaction.atomic
def _accept_period(actor: Actor, agreement: str, charge: int) -> bool:
    progress = locked_progress(agreement)
    trade = locked_trade(agreement=agreement, charge=charge)
    if trade.state != TradeState.SECURED or progress is None or progress.dispute is not None:
        return False
    accept_locked_trade(trade, actor=actor)
    return True
