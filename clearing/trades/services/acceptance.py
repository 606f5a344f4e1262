"""Accepts trades: of a delivery, of instalments after it, of periods that ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum

from listings.states import PERIODIC, Charging
from marketplace.events.schemas.clearing import PeriodCharged
from marketplace.events.services import emit
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.clock import business_date
from marketplace.kernel.money import share_of
from marketplace.kernel.states import advance
from marketplace.participants.queries import organisations_by_id
from marketplace.rules import queries as rules
from marketplace.rules.tariffs import fee_minor
from marketplace.rules.tax_tables import ChargeKind, Supply, TaxPoint, TaxTables

from ...ground.parameters import usage_days
from ...guarantees.queries import lock_guarantees
from ..charge_models import UsageRecord
from ..errors import HoldBelowTax
from ..guaranteed_models import guaranteed_part
from ..models import Trade
from ..queries import collectable_trades, ended_periods
from ..states import TRADE, TradeState, UsageRefusal
from ..taxation import rate_of_class_bp, treatment_of
from ..terms import FEE_TAX_CATEGORY, tariff_of
from .awaited import make_awaited
from .charge_plans import locked_progress, progress_of
from .eligibility import corrections_at_other_rate, cycle_for, make_again, make_base_obligations
from .guaranteed import bill_buyer, collect
from .holds import capture_hold, locked_agreement, locked_trade, record_trade
from .put_offs import make_put_off

ENDED_PERIODS = Loop("clearing.accept_ended_periods")
BILLED = Loop("clearing.collect_bills")
ENDED = (TradeState.ACCEPTED, TradeState.REFUNDED)
"""The states of a trade of which nothing is accepted any more, without a refusal."""
PUT_OFF = Loop("clearing.accept_put_off")
"""By agreement: acceptances that need more than is on hold."""


def accept_locked_trade(
    trade: Trade,
    *,
    actor: Actor,
    transaction_id: int | None = None,
    used_minor: int | None = None,
    command: str = "accept",
    evidence_kind: str = "accepted",
    planned: bool = True,
) -> Trade:
    """Accept a trade that the caller has locked: make its obligations in its cycle and capture its hold.

    ``transaction_id`` committed the acceptance; it decides between two cycles at a cut-off. ``used_minor`` is the price
    without tax of what was used, if less than the price: the remainder of the hold returns to the buyer. For a metered
    period it is the recorded use. While a guarantee secures a part of it, its buyer is billed instead: the trade is accepted,
    in the open cycle, once that is paid. ``planned``: its agreement may have a charge plan. The hold is captured last, so that
    others who use the buyer's money wait least. Raises IllegalTransition while a dispute is open, NoOpenCycle,
    HoldBelowTax, and ValueError for more than is on hold.
    """
    if trade.charging == Charging.METERED:
        used_minor = charged_use(trade)
    accepted_at, part = clock.now(), guaranteed_part(trade)
    delivered_at = (part.billed_at if part else None) or accepted_at
    captured = _captured(trade, used_minor, delivered_at)
    if part is not None and part.is_open and trade.state == TradeState.SECURED:
        bill_buyer(trade, part, actor)
        return collect_trade(trade, actor=actor)
    cycle = cycle_for(trade.currency, transaction_id)
    undone = corrections_at_other_rate(trade, captured["captured_tax_rate_bp"])
    advance(
        trade,
        TRADE,
        command=command,
        role="system",
        accepted_at=accepted_at,
        cycle_id=cycle.id,
        **captured,
    )
    make_base_obligations(trade, cycle, planned=planned)
    for correction in undone:
        make_again(trade, correction)
    gross_minor = (trade.captured_price_minor or 0) + (trade.captured_tax_minor or 0)
    record_trade(evidence_kind, trade, actor, gross_minor=gross_minor, cycle=cycle.business_key)
    capture_hold(trade)
    if trade.charging == Charging.METERED:
        emit(_period_charged(trade))
        make_awaited(trade, actor=actor)
    return trade


def _period_charged(trade: Trade) -> PeriodCharged:
    recorded = UsageRecord.objects.filter(
        Q(refusal=None) | Q(refusal=UsageRefusal.BEYOND_CEILING),
        planned__plan__agreement=trade.agreement,
        planned__charge=trade.charge,
    )
    parties = organisations_by_id((trade.buyer_id, trade.seller_id))
    return PeriodCharged(
        trade=trade.public_id,
        agreement=trade.agreement,
        buyer=parties[trade.buyer_id].public_id,
        seller=parties[trade.seller_id].public_id,
        charge=trade.charge,
        uses=recorded.aggregate(uses=Sum(F("quantity") - F("trial_quantity")))["uses"] or 0,
        charged_minor=trade.captured_price_minor or 0,
        currency=trade.currency,
    )


def collect_trade(trade: Trade, *, actor: Actor) -> Trade:
    """Collect the billed part of a trade that the caller has locked, and accept it; returns it as it was if it is not paid."""
    # Guarantees are locked before the cycle, and the cycle before balances.
    lock_guarantees([trade.buyer_id], trade.currency)
    cycle_for(trade.currency, None)
    if not collect(trade, actor=actor):
        return trade
    accepted = accept_locked_trade(trade, actor=actor)
    make_put_off(accepted, actor)
    return accepted


def collect_bills(*, actor: Actor = SYSTEM, limit: int) -> int:
    """Collect billed parts that money covers, or a deposit since their due day, and accept their trades.

    At most ``limit``, each in its own transaction; returns how many.
    """
    found = collectable_trades(limit=limit + len(BILLED.standing_aside()))
    return BILLED.each(found, lambda trade: _collect_bill(trade, actor))


@transaction.atomic
def _collect_bill(public_id: str, actor: Actor) -> bool:
    trade = locked_trade(public_id=public_id)
    part = guaranteed_part(trade)
    if part is None or not part.is_billed or trade.state != TradeState.SECURED:
        return False
    return collect_trade(trade, actor=actor).state == TradeState.ACCEPTED


def charged_use(trade: Trade) -> int:
    """The charged use of a metered period, without tax, in minor units."""
    used = UsageRecord.objects.filter(
        planned__plan__agreement=trade.agreement, planned__charge=trade.charge
    ).aggregate(total=Sum("charged_minor"))
    return int(used["total"] or 0)


def _captured(trade: Trade, used_minor: int | None, delivered_at: datetime) -> dict[str, Any]:
    """Price, fee and tax of what was used, as columns of the trade.

    The fee of a part of the price is that of the conclusion's tariff. The rates are those of the tax points. Raises
    HoldBelowTax if a rate that was published after the conclusion needs more than is on hold.
    """
    price_minor, fee = trade.price_minor, trade.fee_minor
    if used_minor is not None and used_minor != trade.price_minor:
        if not 0 <= used_minor < trade.price_minor:
            raise ValueError(f"{used_minor} exceeds the hold of {trade.public_id}")
        tariff = tariff_of(
            rules.tariff_schedule(at=trade.concluded_at),
            price_minor=used_minor,
            currency=trade.currency,
            segment=trade.segment,
        )
        price_minor, fee = used_minor, fee_minor(tariff, used_minor)
    tables, concluded_on = rules.tax_tables(), business_date(trade.concluded_at)
    supplied_on = trade.supplied_on or _day_of_acceptance(trade, delivered_at)
    rate_bp = rate_of_class_bp(tables, trade.tax_category, trade.supply_class or "", on=supplied_on)
    if rate_bp > trade.tax_rate_bp:
        raise HoldBelowTax(trade=trade.public_id, on=supplied_on.isoformat())
    fee_days = {
        TaxPoint.DELIVERY_ACCEPTED: business_date(delivered_at),
        TaxPoint.CONTRACT_EFFECTIVE: concluded_on,
        TaxPoint.DUE_DATE: supplied_on,
    }
    fee_on = fee_days[tables.point(ChargeKind.FEE, on=concluded_on)]
    return {
        "supplied_on": supplied_on,
        "captured_price_minor": price_minor,
        "captured_tax_rate_bp": rate_bp,
        "captured_tax_minor": share_of(price_minor, rate_bp),
        "captured_fee_minor": fee,
        "captured_withholding_minor": _withheld(trade, tables, price_minor, supplied_on),
        "fee_supplied_on": fee_on,
        "captured_fee_tax_rate_bp": rate_of_class_bp(tables, FEE_TAX_CATEGORY, trade.fee_class, on=fee_on),
    }


def _withheld(trade: Trade, tables: TaxTables, price_minor: int, on: date) -> int:
    """The income tax that the buyer withholds from the price; only royalties have any."""
    if trade.supply != Supply.RIGHTS:
        return 0
    parties = organisations_by_id((trade.seller_id, trade.buyer_id))
    treatment = treatment_of(
        tables,
        supply=trade.supply,
        charging=trade.charging,
        seller=parties[trade.seller_id],
        buyer=parties[trade.buyer_id],
        on=on,
    )
    return treatment.withholding.amount_minor(price_minor) if treatment else 0


def _day_of_acceptance(trade: Trade, delivered_at: datetime) -> date:
    """The day on which the delivery of a trade was accepted: of an instalment that of its agreement's delivery."""
    progress = progress_of(trade.agreement) if trade.charging == Charging.INSTALMENT else None
    of_agreement = progress.delivered_at if progress else None
    return business_date(of_agreement or delivered_at)


def accept_delivered(*, actor: Actor, agreement: str, transaction_id: int | None) -> None:
    """Accept the trades that an accepted delivery makes payable.

    These are a price paid at once and every secured instalment; later instalments follow when they are secured. Periods
    can from now on be accepted when they end (``accept_ended_periods``). An accepted or refunded trade stays as it is. If a
    rate that was published after the conclusion needs more than is on hold, the acceptance stands aside and is tried again
    (``accept_put_off``). Raises as ``accept_locked_trade``, but not HoldBelowTax, and Missing.
    """
    try:
        _accept_payable(actor, agreement, transaction_id)
    except HoldBelowTax as refusal:
        PUT_OFF.set_aside(agreement, refusal, at_once=True)


def accept_put_off(*, actor: Actor = SYSTEM) -> int:
    """Try again the acceptances that needed more than is on hold; returns how many were made or are needed no more."""

    def accept(agreement: str) -> int:
        _accept_payable(actor, agreement, None)
        return 1

    return PUT_OFF.each(PUT_OFF.subjects(), accept)


@transaction.atomic
def _accept_payable(actor: Actor, agreement: str, transaction_id: int | None) -> None:
    """Accept the trades of ``accept_delivered``, all or none."""
    progress, trades = locked_agreement(agreement)
    if progress is not None:
        if progress.delivered_at is None:
            progress.delivered_at = clock.now()
            progress.save(update_fields=["delivered_at"])
        if progress.plan.charging in PERIODIC:
            return
    for trade in trades:
        if trade.state == TradeState.SECURED or (trade.charge == 1 and trade.state not in ENDED):
            accept_locked_trade(
                trade, actor=actor, transaction_id=transaction_id, planned=progress is not None
            )


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
