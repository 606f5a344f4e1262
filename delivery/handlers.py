"""Event handlers of delivery."""

from __future__ import annotations

from datetime import datetime

from contracts.states import TOLD_BY_TRADE, TerminationReason
from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import (
    TradeConcluded,
    TradeFailed,
    TradeFundingExtended,
    TradeRefunded,
    TradeSecured,
)
from marketplace.events.schemas.contracts import (
    AgreementAmended,
    AgreementEnding,
    AgreementTerminated,
    DisputeResolved,
)
from marketplace.kernel.actors import SYSTEM

from . import services
from .states import EndedReason


def on_trade_concluded(event: TradeConcluded, envelope: Envelope) -> None:
    """Record the payment deadline of a later charge; access continues until then."""
    if event.charge > 1:
        services.await_payment(
            actor=SYSTEM,
            trade=event.trade,
            agreement=event.agreement,
            secure_by=datetime.fromisoformat(event.fund_by),
            made_at=envelope.occurred_at,
        )


def on_trade_funding_extended(event: TradeFundingExtended, envelope: Envelope) -> None:
    """Keep access under the agreement open for as long as a later charge can now be paid in."""
    if event.charge > 1:
        services.extend_payment(
            actor=SYSTEM,
            trade=event.trade,
            agreement=event.agreement,
            secure_by=datetime.fromisoformat(event.fund_by),
            extended_at=envelope.occurred_at,
        )


def on_trade_secured(event: TradeSecured, envelope: Envelope) -> None:
    """For the first charge of an agreement, grant access; for a later one, record that it is secured."""
    if event.charge > 1:
        services.record_payment(actor=SYSTEM, trade=event.trade, agreement=event.agreement)
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
            secured_event=envelope.identifier,
        ),
    )


def on_agreement_amended(event: AgreementAmended, envelope: Envelope) -> None:
    """Have access end as the new version of the agreement says."""
    services.follow_version(actor=SYSTEM, agreement=event.agreement, number=event.number)


def on_agreement_ending(event: AgreementEnding, envelope: Envelope) -> None:
    """Close access at the end of the last day of the ending that stands: one that was scheduled may replace another."""
    services.follow_ending(actor=SYSTEM, agreement=event.agreement)


def on_agreement_terminated(event: AgreementTerminated, envelope: Envelope) -> None:
    """End access under an agreement that was ended before its term; where its price failed or was returned, its trade says so."""
    if event.reason_code not in TOLD_BY_TRADE:
        services.withdraw_agreement(
            actor=SYSTEM,
            agreement=event.agreement,
            returns_price=event.reason_code == TerminationReason.SELLER_BREACH,
        )


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """Apply the outcome of the dispute to the delivery."""
    services.apply_dispute_outcome(
        actor=SYSTEM,
        dispute=event.dispute,
        outcome=event.outcome,
        agreement=event.agreement,
        after_acceptance=event.after_acceptance,
    )


def on_trade_refunded(event: TradeRefunded, envelope: Envelope) -> None:
    """End access under the trade: its price was returned."""
    services.withdraw_access(actor=SYSTEM, trade=event.trade, reason_code=EndedReason.REFUNDED)


def on_trade_failed(event: TradeFailed, envelope: Envelope) -> None:
    """End access under the agreement: a charge was not paid in."""
    services.withdraw_agreement(actor=SYSTEM, agreement=event.agreement)
