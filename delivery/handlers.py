"""What delivery does when others tell of something."""

from __future__ import annotations

from datetime import datetime

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import (
    TradeConcluded,
    TradeFailed,
    TradeRefunded,
    TradeSecured,
)
from marketplace.events.schemas.contracts import DisputeResolved
from marketplace.kernel.actors import SYSTEM

from . import services
from .states import EndedReason


def on_trade_concluded(event: TradeConcluded, envelope: Envelope) -> None:
    """A later charge waits for money: access goes on until it had to be there."""
    if event.charge > 1:
        services.await_payment(
            actor=SYSTEM,
            trade=event.trade,
            agreement=event.agreement,
            secure_by=datetime.fromisoformat(event.fund_by),
        )


def on_trade_secured(event: TradeSecured, envelope: Envelope) -> None:
    """The money is held: open access, by the first charge of an agreement; later ones pay for access that is open."""
    if event.charge > 1:
        services.note_payment(actor=SYSTEM, trade=event.trade, agreement=event.agreement)
        return
    services.grant_access(
        actor=SYSTEM,
        secured=services.SecuredTrade(
            trade=event.trade,
            agreement=event.agreement,
            listing=event.listing,
            listing_version=event.listing_version,
            buyer=event.buyer,
            seller=event.seller,
            inspection_days=event.inspection_days,
            secured_event=envelope.identifier,
        ),
    )


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """The operator decided: the delivery stands, is repeated, or is undone."""
    services.settle_dispute(actor=SYSTEM, dispute=event.dispute, outcome=event.outcome)


def on_trade_refunded(event: TradeRefunded, envelope: Envelope) -> None:
    """The money went back: access ends with it, if it did not end before."""
    services.withdraw_access(actor=SYSTEM, trade=event.trade, reason_code=EndedReason.REFUNDED)


def on_trade_failed(event: TradeFailed, envelope: Envelope) -> None:
    """A later charge was not paid for: access under the agreement ends at once."""
    services.withdraw_agreement(actor=SYSTEM, agreement=event.agreement, reason_code=EndedReason.TERMINATED)
