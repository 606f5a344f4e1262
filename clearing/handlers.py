"""What clearing does when others tell of something. Each runs once per event, in a transaction of its own."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.contracts import (
    AdjustmentDue,
    AgreementConcluded,
    DisputeOpened,
    DisputeResolved,
)
from marketplace.events.schemas.delivery import DeliveryAccepted
from marketplace.kernel.actors import SYSTEM

from . import services


def on_agreement_concluded(event: AgreementConcluded, envelope: Envelope) -> None:
    """An agreement becomes a trade, secured at once if its money is there."""
    services.conclude_trade(actor=SYSTEM, agreement=event, concluded_at=envelope.occurred_at)


def on_delivery_accepted(event: DeliveryAccepted, envelope: Envelope) -> None:
    """What was accepted is released to the cycle that was open when the acceptance was committed."""
    services.accept_trade(actor=SYSTEM, agreement=event.agreement, transaction_id=envelope.transaction)


def on_dispute_opened(event: DisputeOpened, envelope: Envelope) -> None:
    """A complaint holds the money."""
    services.hold_trade(actor=SYSTEM, agreement=event.agreement, dispute=event.dispute)


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """The money goes back, or stays secured until the delivery is accepted after all."""
    services.resolve_trade(
        actor=SYSTEM, agreement=event.agreement, dispute=event.dispute, refund=event.outcome == "refund"
    )


def on_adjustment_due(event: AdjustmentDue, envelope: Envelope) -> None:
    """A correction in money is owed in the cycle that was open when it was decided."""
    services.adjust_trade(
        actor=SYSTEM,
        agreement=event.agreement,
        adjustment=event.adjustment,
        debtor=event.debtor,
        creditor=event.creditor,
        amount_minor=event.amount_minor,
        transaction_id=envelope.transaction,
    )
