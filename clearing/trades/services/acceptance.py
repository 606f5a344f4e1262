"""From acceptance to what is owed: of a delivery, of instalments after it, of periods that ended."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Sum

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import DomainError
from marketplace.kernel.states import advance

from ...ground.parameters import usage_days
from ..charge_models import UsageRecord
from ..models import Trade
from ..queries import ended_periods
from ..states import PERIODIC, TRADE, Charging, TradeState
from ..terms import tax_and_fee_of
from .charge_plans import locked_progress
from .eligibility import cycle_for, make_base_obligations
from .holds import capture_hold, evidence, locked_trade, locked_trades

logger = logging.getLogger(__name__)


@transaction.atomic
def accept_trade(
    *,
    actor: Actor,
    agreement: str,
    transaction_id: int | None,
    charge: int = 1,
    used_minor: int | None = None,
) -> Trade:
    """Release the money of an accepted delivery, and make what is owed by it in the cycle it belongs to.

    ``transaction_id`` is the one that committed the acceptance; it decides about a cut-off. ``used_minor`` is the
    price without tax of what was used, where that is less than what was held: the rest goes back to the buyer. Of a
    metered period it is what was recorded. On a trade that is accepted or undone nothing happens. Raises
    IllegalTransition where a complaint is open, NoOpenCycle, and ValueError for more than was held.
    """
    trade = locked_trade(agreement=agreement, charge=charge)
    if trade.state in (TradeState.ACCEPTED, TradeState.REFUNDED):
        return trade
    return release(trade, actor=actor, transaction_id=transaction_id, used_minor=used_minor)


def release(
    trade: Trade,
    *,
    actor: Actor,
    transaction_id: int | None = None,
    used_minor: int | None = None,
    command: str = "accept",
    told: str = "accepted",
) -> Trade:
    """Accept a trade that the caller holds locked: what is owed is made, and its money is released to the cycle."""
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
    evidence(told, trade, actor, gross_minor=gross_minor, cycle=cycle.business_key)
    return trade


def charged_use(trade: Trade) -> int:
    """What was charged of the use of a metered period, without tax, in minor units."""
    used = UsageRecord.objects.filter(
        planned__plan__agreement=trade.agreement, planned__charge=trade.charge
    ).aggregate(total=Sum("charged_minor"))
    return int(used["total"] or 0)


def _captured(trade: Trade, used_minor: int | None) -> dict[str, int]:
    """Price, tax and fee of what was used; of less than was held, by the tariff and rates of the conclusion."""
    if used_minor is None or used_minor == trade.price_minor:
        return {
            "captured_price_minor": trade.price_minor,
            "captured_tax_minor": trade.tax_minor,
            "captured_fee_minor": trade.fee_minor,
        }
    if not 0 <= used_minor < trade.price_minor:
        raise ValueError(f"{used_minor} is not within what was held for {trade.public_id}")
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
    """The delivery of an agreement was accepted: release what is paid by delivery.

    That is a price paid at once and every instalment that is secured; later ones follow when they are. Periods are
    accepted when they end (``accept_ended_periods``), which is possible from now on. Raises as ``accept_trade``.
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
    """Accept the periods that have ended and were served, at most ``limit``; returns how many.

    A period counts as served once the delivery of its agreement was accepted. One that is disputed waits. Metered
    periods wait ``usage_days`` longer for what is still told of their use; the rest of their hold goes back.
    """
    today = clock.today()
    done = 0
    for agreement, charge in ended_periods(
        until=today, metered_until=today - timedelta(days=usage_days()), limit=limit
    ):
        try:
            done += _accept_period(actor, agreement, charge)
        except DomainError as error:
            logger.error("period %s of %s waits for a person: %s", charge, agreement, error)
    return done


@transaction.atomic
def _accept_period(actor: Actor, agreement: str, charge: int) -> bool:
    progress = locked_progress(agreement)
    trade = locked_trade(agreement=agreement, charge=charge)
    if trade.state != TradeState.SECURED or progress is None or progress.dispute is not None:
        return False
    release(trade, actor=actor)
    return True
