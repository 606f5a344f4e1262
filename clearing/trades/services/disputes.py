"""What a complaint does to the money of an agreement, and what becomes of it when it is decided."""

from __future__ import annotations

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.states import advance

from ..charge_models import ChargeProgress
from ..models import Trade
from ..states import TRADE, TradeState
from .charge_plans import locked_progress
from .corrections import give_back_all, remaining_of
from .eligibility import undo_corrections
from .endings import emit_refunded, end_charges
from .holds import evidence, locked_trades, locked_with_waiting, return_hold
from .trades import secure_waiting_trades


@transaction.atomic
def dispute_trade(*, actor: Actor, agreement: str, dispute: str) -> Trade:
    """Hold every secured trade of an agreement while a complaint is open; harmless on those that have moved on.

    Further charges stand still meanwhile. Returns the first trade.
    """
    progress = locked_progress(agreement)
    if progress is not None:
        _note_dispute(progress, dispute)
    trades = locked_trades(agreement)
    for trade in trades:
        if trade.state == TradeState.SECURED:
            advance(trade, TRADE, command="hold", role="system")
            evidence("disputed", trade, actor, dispute=dispute)
    return trades[0]


@transaction.atomic
def resolve_trade(*, actor: Actor, agreement: str, dispute: str, refund: bool) -> Trade:
    """End the hold of a complaint: the trades go on, or their money goes back and the agreement's charges end.

    Data made to order may have been paid for by law meanwhile: then a refund is a correction of it. Harmless on
    trades that are not held. Emits trade.refunded. Returns the first trade.
    """
    progress = locked_progress(agreement)
    trades = locked_with_waiting(agreement)
    open_here = progress is not None and progress.dispute == dispute
    if progress is not None and open_here:
        _note_dispute(progress, None)
    held = [trade for trade in trades if trade.state == TradeState.DISPUTED]
    for trade in held:
        if refund:
            _refund(trade, actor, dispute)
        else:
            advance(trade, TRADE, command="resume", role="system")
            evidence("resumed", trade, actor, dispute=dispute)
    if refund and progress is not None and open_here:
        end_charges(actor, progress, trades, "refunded")
        for trade in trades:
            if trade.commissioned and trade.state == TradeState.ACCEPTED and remaining_of(trade)[0]:
                give_back_all(actor=actor, trade=trade, source=dispute, reason="the complaint was upheld")
    if refund and held:
        secure_waiting_trades(actor=SYSTEM, organisation_id=held[0].buyer_id, currency=held[0].currency)
    return trades[0]


def _note_dispute(progress: ChargeProgress, dispute: str | None) -> None:
    progress.dispute = dispute
    progress.save(update_fields=["dispute"])


def _refund(trade: Trade, actor: Actor, dispute: str) -> None:
    advance(trade, TRADE, command="refund", role="system", ended_at=clock.now())
    undo_corrections(trade)
    return_hold(trade)
    evidence("refunded", trade, actor, dispute=dispute, gross_minor=trade.gross_minor)
    emit_refunded(trade)
