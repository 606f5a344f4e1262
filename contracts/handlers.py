"""What contracts do when something happens elsewhere."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import TradeFailed, TradeRefunded
from marketplace.events.schemas.participants import ParticipantSuspended
from marketplace.events.schemas.rules import TradingHalted, TradingResumed

from . import services
from .states import TerminationReason


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """A suspended participant makes no new agreements: its open negotiations end. Agreements in force stay."""
    services.end_of_suspended(organisation=event.organisation)


def on_trade_failed(event: TradeFailed, envelope: Envelope) -> None:
    """The money never came: the agreement ends."""
    services.terminate_agreement(
        agreement=event.agreement, reason_code=TerminationReason.PAYMENT_FAILED, cause=event.reason_code
    )


def on_trade_refunded(event: TradeRefunded, envelope: Envelope) -> None:
    """The money went back: the agreement ends."""
    services.terminate_agreement(
        agreement=event.agreement, reason_code=TerminationReason.REFUNDED, cause=event.type
    )


def on_trading_halted(event: TradingHalted, envelope: Envelope) -> None:
    """Who negotiates what is halted is told that nothing is concluded there for now."""
    services.tell_of_halt(halt=event.halt, lifted=False)


def on_trading_resumed(event: TradingResumed, envelope: Envelope) -> None:
    """Who negotiates is told that it can conclude again."""
    services.tell_of_halt(halt=event.halt, lifted=True)
