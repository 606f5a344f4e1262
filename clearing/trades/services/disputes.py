"""Applies disputes and their resolution to the trades of an agreement."""

from __future__ import annotations

from django.db import transaction

from listings.states import Charging
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.states import advance

from ..charge_models import ChargeProgress
from ..models import Trade
from ..states import TRADE, TradeState
from .acceptance import accept_locked_trade
from .awaited import void_awaited_of
from .corrections import refund_remainder
from .eligibility import undo_corrections
from .endings import emit_refunded, end_charges
from .holds import locked_agreement, record_trade, return_hold
from .put_offs import void_put_off
from .trades import secure_waiting_trades


@transaction.atomic
def dispute_trade(*, actor: Actor, agreement: str, dispute: str) -> Trade:
    """Mark every secured trade of an agreement as disputed; other trades stay as they are.

    No further charge begins while the dispute is open. Returns the first trade.
    """
    progress, trades = locked_agreement(agreement)
    if progress is not None:
        _set_dispute(progress, dispute)
    for trade in trades:
        if trade.state == TradeState.SECURED:
            advance(trade, TRADE, command="hold", role="system")
            record_trade("disputed", trade, actor, dispute=dispute)
    return trades[0]


@transaction.atomic
def resolve_trade(
    *,
    actor: Actor,
    agreement: str,
    dispute: str,
    refund: bool,
    whole: bool = False,
    after_acceptance: bool = False,
) -> Trade:
    """Resolve a dispute: the trades are secured again, or their holds are returned and the agreement's charges end.

    Instalments of what was delivered before are then accepted. ``whole``: what remains of accepted trades is refunded too. Data made to
    order may have been accepted by law meanwhile; a refund is then a correction. Of what was disputed ``after_acceptance`` the amount of
    the outcome comes back, by its adjustment. Trades that are not
    disputed stay as they are. Emits trade.refunded. Returns the first trade.
    """
    progress, trades = locked_agreement(agreement, with_waiting=True)
    is_open_dispute = progress is not None and progress.dispute == dispute
    if progress is not None and is_open_dispute:
        _set_dispute(progress, None)
    disputed = [trade for trade in trades if trade.state == TradeState.DISPUTED]
    for trade in disputed:
        if refund:
            _refund(trade, actor, dispute)
        else:
            advance(trade, TRADE, command="resume", role="system")
            record_trade("resumed", trade, actor, dispute=dispute)
            if progress is not None and progress.delivered_at and trade.charging == Charging.INSTALMENT:
                accept_locked_trade(trade, actor=actor)
    if refund and progress is not None and is_open_dispute:
        end_charges(actor, progress, trades, "refunded")
    if refund and (whole or is_open_dispute):
        for trade in trades:
            if (
                whole or (trade.commissioned and not after_acceptance)
            ) and trade.state == TradeState.ACCEPTED:
                refund_remainder(actor=actor, trade=trade, source=dispute, reason="the dispute was upheld")
    if refund and disputed:
        secure_waiting_trades(
            actor=SYSTEM,
            organisation_id=disputed[0].buyer_id,
            currency=disputed[0].currency,
            again=True,
        )
    return trades[0]


def _set_dispute(progress: ChargeProgress, dispute: str | None) -> None:
    progress.dispute = dispute
    progress.save(update_fields=["dispute"])


def _refund(trade: Trade, actor: Actor, dispute: str) -> None:
    advance(trade, TRADE, command="refund", role="system", ended_at=clock.now())
    undo_corrections(trade)
    void_put_off(trade, actor)
    void_awaited_of(trade, actor=actor)
    record_trade("refunded", trade, actor, dispute=dispute, gross_minor=trade.gross_minor)
    emit_refunded(trade)
    return_hold(trade)
