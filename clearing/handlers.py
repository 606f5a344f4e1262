"""What clearing does when others tell of something. Each runs once per event, in a transaction of its own."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.contracts import (
    AdjustmentDue,
    AgreementConcluded,
    AgreementTerminated,
    DisputeOpened,
    DisputeResolved,
)
from marketplace.events.schemas.delivery import (
    DeliveryAccepted,
    DeliveryEnded,
    DeliveryMatched,
    UsageRecorded,
)
from marketplace.kernel.actors import SYSTEM

from .trades.services.acceptance import accept_delivered
from .trades.services.charges import record_usage
from .trades.services.commissioned import note_receipt
from .trades.services.corrections import adjust_trade
from .trades.services.disputes import dispute_trade, resolve_trade
from .trades.services.endings import end_agreement, return_unserved
from .trades.services.trades import conclude_trade

UNSERVED = ("not_collected", "terminated")
"""Why access ended, where what was not served is not paid for."""


def on_agreement_concluded(event: AgreementConcluded, envelope: Envelope) -> None:
    """An agreement becomes a plan of charges and the trade of the first, secured at once if its money is there."""
    conclude_trade(actor=SYSTEM, agreement=event, concluded_at=envelope.occurred_at)


def on_agreement_terminated(event: AgreementTerminated, envelope: Envelope) -> None:
    """No further charge of the agreement begins."""
    end_agreement(actor=SYSTEM, agreement=event.agreement, reason_code=event.reason_code)


def on_delivery_matched(event: DeliveryMatched, envelope: Envelope) -> None:
    """Data made to order was received: its payment has a last day from now on."""
    note_receipt(actor=SYSTEM, agreement=event.agreement, received_at=envelope.occurred_at)


def on_delivery_accepted(event: DeliveryAccepted, envelope: Envelope) -> None:
    """What was accepted is released to the cycle that was open when the acceptance was committed."""
    accept_delivered(actor=SYSTEM, agreement=event.agreement, transaction_id=envelope.transaction)


def on_delivery_ended(event: DeliveryEnded, envelope: Envelope) -> None:
    """Access ended before its term: now the money of what was not served goes back."""
    if event.reason_code in UNSERVED:
        return_unserved(actor=SYSTEM, agreement=event.agreement, reason_code=event.reason_code)


def on_usage_recorded(event: UsageRecorded, envelope: Envelope) -> None:
    """Use of metered data is kept, and charged to its period."""
    record_usage(actor=SYSTEM, event=event)


def on_dispute_opened(event: DisputeOpened, envelope: Envelope) -> None:
    """A complaint holds the money."""
    dispute_trade(actor=SYSTEM, agreement=event.agreement, dispute=event.dispute)


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """The money goes back, or stays secured until the delivery is accepted after all."""
    resolve_trade(
        actor=SYSTEM, agreement=event.agreement, dispute=event.dispute, refund=event.outcome == "refund"
    )


def on_adjustment_due(event: AdjustmentDue, envelope: Envelope) -> None:
    """A correction in money is owed in the cycle that was open when it was decided."""
    adjust_trade(
        actor=SYSTEM,
        agreement=event.agreement,
        adjustment=event.adjustment,
        debtor=event.debtor,
        creditor=event.creditor,
        amount_minor=event.amount_minor,
        kind=event.kind,
        transaction_id=envelope.transaction,
    )
