"""Ends trades without acceptance: not funded, not delivered, or with their agreement."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction

from contracts.commissions.queries import is_reducible
from contracts.ending.queries import has_ended_early
from contracts.ending.states import EndingGround
from contracts.states import INSPECTED_ON, TerminationReason
from listings.states import PERIODIC, Charging
from marketplace.events.schemas.clearing import OWED_OUTSIDE, TradeFailed, TradeRefunded
from marketplace.events.services import emit
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text

from ...approvals.services import require_two_people
from ...ground.parties import public_ids_of
from ..charge_models import ChargeProgress
from ..errors import BillNotOverdue
from ..guaranteed_models import guaranteed_part
from ..models import Trade
from ..states import GIVEN_UP_REASON_LENGTH_MAX, TRADE, TradeState
from .acceptance import accept_locked_trade, charged_use
from .awaited import void_awaited, void_awaited_of
from .eligibility import undo_corrections
from .funding import give_back_halted_time
from .holds import locked_agreement, locked_with_waiting, record_trade, return_hold
from .put_offs import void_put_off
from .trades import secure_waiting_trades

PRICE_BACK: Final = frozenset(TerminationReason.values) - frozenset(INSPECTED_ON)
"""Reasons of the end of charges after which the price goes back, also for use that was counted."""


@transaction.atomic
def fail_trade(*, actor: Actor, trade: str) -> bool:
    """Fail a trade that was not funded, or whose supply was not stated, in time; False if it was secured meanwhile or is not due.

    It is not due while trading is halted, and what halts took is given back. The agreement's further charges end with it, but instalments after an early end: those that were received are owed,
    so this one stays on record as owed outside the market, and later ones fall due. While a dispute is open nothing fails. If the first trade fails, there
    was never access, and the holds of later charges are returned. Emits trade.failed. Raises Missing.
    """
    agreement = Trade.objects.filter(public_id=trade).values_list("agreement", flat=True).first()
    if agreement is None:
        raise Missing(kind="trade", identifier=trade)
    progress, trades = locked_agreement(agreement, with_waiting=True)
    subject = next(row for row in trades if row.public_id == trade)
    if subject.state != TradeState.CONCLUDED or subject.fund_by > clock.now():
        return False
    # While trading is halted the time to pay in stands still; what a halt took may have moved it.
    if give_back_halted_time(subject, actor=actor) or subject.fund_by > clock.now():
        return False
    if progress is not None and progress.dispute is not None:
        return False
    if progress is not None and _is_owed_after_the_end(progress, trades):
        _fail(subject, actor, OWED_OUTSIDE, owed_minor=subject.gross_minor)
        return True
    _fail(subject, actor, "not_funded" if subject.supply_class else "supply_unstated")
    if progress is not None:
        end_charges(actor, progress, trades, "not_funded")
        if subject.charge == 1:
            _return_holds(actor, [row for row in trades if row.state == TradeState.SECURED], "not_funded")
    return True


@transaction.atomic
def end_agreement(*, actor: Actor, agreement: str, reason_code: str) -> bool:
    """End the charges of a terminated agreement: no further charge begins, and waiting trades fail, that of a plain price too.

    Instalments of data that was delivered, or is inspected on, go on falling due where the agreement ended before its term
    (``EndingGround``): their price was agreed as one. Whether it was received is known once access has ended.
    Holds are returned once access has ended (``return_undelivered``). Returns whether anything ended.
    """
    if not Trade.objects.filter(agreement=agreement).exists():
        return False
    progress, trades = locked_agreement(agreement, with_waiting=True)
    if progress is None:
        waiting = [trade for trade in trades if trade.state == TradeState.CONCLUDED]
        for trade in waiting:
            _fail(trade, actor, "agreement_ended")
        return bool(waiting)
    if progress.ended_at is not None or (
        reason_code in EndingGround.values and _is_owed_as_one(progress, received=_has_access(trades))
    ):
        return False
    end_charges(actor, progress, trades, reason_code)
    return True


def _is_owed_as_one(progress: ChargeProgress, *, received: bool) -> bool:
    """Whether the charges are instalments of data that was delivered, or ``received`` and inspected on: the whole price is owed, whatever
    becomes of access."""
    return progress.plan.charging == Charging.INSTALMENT and (received or progress.delivered_at is not None)


def _is_owed_after_the_end(progress: ChargeProgress, trades: list[Trade]) -> bool:
    """Whether the charges go on falling due although the agreement has ended early (``end_agreement``)."""
    is_owed = progress.ended_at is None and _is_owed_as_one(progress, received=_has_access(trades))
    return is_owed and has_ended_early(progress.plan.agreement)


def _has_access(trades: list[Trade]) -> bool:
    """Whether access began with the first charge, so that what was received is known only once access has ended."""
    return any(row.charge == 1 and row.state == TradeState.SECURED for row in trades)


def end_charges(actor: Actor, progress: ChargeProgress, trades: list[Trade], reason_code: str) -> None:
    """Record that no further charge follows and fail waiting trades; the caller has locked all of them."""
    if progress.ended_at is None:
        progress.ended_at, progress.end_reason = clock.now(), reason_code[:60]
        progress.save(update_fields=["ended_at", "end_reason"])
    for trade in trades:
        if trade.state == TradeState.CONCLUDED:
            _fail(trade, actor, "agreement_ended")
    made = {trade.charge for trade in trades}
    void_awaited(trades, actor=actor, is_over=lambda charge: charge not in made)


@transaction.atomic
def return_undelivered(
    *, actor: Actor, agreement: str, reason_code: str, ended_on: date, received: bool = False
) -> int:
    """Return the holds of secured trades that were not delivered after access ended; returns how many.

    Without a delivery these are all secured trades; otherwise the periods from the first that failed, or that began when access had
    ended (on the day ``ended_on``). ``received``: the delivery was, and what it secures waits for its inspection where that goes on.
    Commissioned work that was received is accepted instead, unless a fault of its seller is recorded; and so are metered periods with
    charged use, at that use, unless the price goes back. Access ends before the hold is returned. Emits trade.refunded. A disputed trade waits for the resolution. Raises Missing.
    """
    progress, trades = locked_agreement(agreement, with_waiting=True)
    if progress is not None and not _is_owed_as_one(progress, received=received):
        end_charges(actor, progress, trades, reason_code)
    is_delivered = received or (progress is not None and progress.delivered_at is not None)
    first_undelivered = _first_undelivered(progress, trades, ended_on) if is_delivered else 1
    undelivered = [
        row
        for row in trades
        if row.state == TradeState.SECURED and row.charge >= first_undelivered and not _is_billed(row)
    ]
    kept = [row for row in undelivered if _is_kept(row)]
    for row in kept:
        accept_locked_trade(row, actor=actor, command="accept_by_law", evidence_kind="accepted_by_law")
    used = [row for row in undelivered if _is_used(row, progress)]
    for row in used:
        accept_locked_trade(row, actor=actor)
    returned = [row for row in undelivered if row not in kept and row not in used]
    _return_holds(actor, returned, reason_code)
    return len(returned)


def _is_used(trade: Trade, progress: ChargeProgress | None) -> bool:
    """Whether a metered period has charged use, which was had and counted whatever else was received, and no price goes back."""
    if trade.charging != Charging.METERED or progress is None or progress.end_reason in PRICE_BACK:
        return False
    return charged_use(trade) > 0


def _is_kept(trade: Trade) -> bool:
    """Whether commissioned work was received that is paid for although access ended: no fault of its seller is recorded."""
    return trade.commissioned and trade.received_at is not None and not is_reducible(trade.agreement)


@record_refusals()
def give_up_bill(*, actor: Actor, trade: str, reason: str) -> Trade:
    """End a trade whose buyer has not paid its guaranteed part by the due day, and whose guarantee nobody honours.

    Takes two people. Access ends, what was on hold is returned, the guarantee is released; what the buyer owes the seller for
    what it received stays between them, outside the market. Emits trade.refunded. Raises SecondPersonNeeded, Recused, BillNotOverdue,
    Missing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    why = stated_text("reason", reason, GIVEN_UP_REASON_LENGTH_MAX)
    known = Trade.objects.filter(public_id=trade).first()
    if known is None:
        raise Missing(kind="trade", identifier=trade)
    trades = {row.pk: row for row in locked_with_waiting(known.agreement)}
    subject = trades[known.pk]
    part = guaranteed_part(subject)
    if part is None or not part.is_billed or part.due_on is None or part.due_on >= clock.today():
        raise BillNotOverdue(trade=trade)
    approval = require_two_people(
        actor=actor, command="clearing.give_up_bill", subject=trade, payload={"reason": why}
    )
    # The approval keeps the reason, with its salt.
    _return_holds(
        actor,
        [subject],
        "bill_unpaid",
        reason_commitment=commitment_to(approval.salt, why),
        approval=approval.public_id,
    )
    return subject


def _is_billed(trade: Trade) -> bool:
    """Whether the delivery of a trade was accepted and its buyer owes the guaranteed part."""
    part = guaranteed_part(trade)
    return part is not None and part.is_billed


def _first_undelivered(progress: ChargeProgress | None, trades: list[Trade], ended_on: date) -> int:
    """The number of the first charge without access to what was delivered, which ended on a day; earlier charges had access."""
    if progress is None:
        return max(row.charge for row in trades) + 1
    failed = [row.charge for row in trades if row.state == TradeState.FAILED and row.charging in PERIODIC]
    if progress.stops_after is not None:
        ended_on = min(ended_on, progress.stops_after + timedelta(days=1))
    unserved = progress.plan.planned.filter(period_from__gte=ended_on).order_by("charge")
    failed += unserved.values_list("charge", flat=True)[:1]
    return min(failed, default=max(row.charge for row in trades) + 1)


def _return_holds(actor: Actor, trades: list[Trade], reason_code: str, **stated: str) -> None:
    """Return the holds of trades whose access is over, then secure trades that waited for that money.

    ``stated``: what the record says besides.
    """
    for trade in trades:
        advance(trade, TRADE, command="expire", role="system", ended_at=clock.now())
        undo_corrections(trade)
        void_put_off(trade, actor)
        void_awaited_of(trade, actor=actor)
        record_trade(
            "expired", trade, actor, reason_code=reason_code, gross_minor=trade.gross_minor, **stated
        )
        emit_refunded(trade)
        return_hold(trade)
    if trades:
        secure_waiting_trades(
            actor=SYSTEM, organisation_id=trades[0].buyer_id, currency=trades[0].currency, again=True
        )


def emit_refunded(trade: Trade) -> None:
    """Emit trade.refunded for a trade whose hold was returned to the buyer."""
    parties = public_ids_of((trade.buyer_id, trade.seller_id))
    part = guaranteed_part(trade)
    unpaid_minor = part.amount_minor if part is not None and part.paid_at is None else 0
    emit(
        TradeRefunded(
            trade=trade.public_id,
            agreement=trade.agreement,
            buyer=parties[trade.buyer_id],
            seller=parties[trade.seller_id],
            amount_minor=trade.gross_minor - unpaid_minor,
            currency=trade.currency,
            charge=trade.charge,
        )
    )


def _fail(trade: Trade, actor: Actor, reason_code: str, **stated: int) -> None:
    advance(trade, TRADE, command="fail", role="system", ended_at=clock.now())
    undo_corrections(trade)
    void_awaited_of(trade, actor=actor)
    record_trade("failed", trade, actor, reason_code=reason_code, **stated)
    parties = public_ids_of((trade.buyer_id, trade.seller_id))
    emit(
        TradeFailed(
            trade=trade.public_id,
            agreement=trade.agreement,
            buyer=parties[trade.buyer_id],
            seller=parties[trade.seller_id],
            reason_code=reason_code,
            charge=trade.charge,
        )
    )
