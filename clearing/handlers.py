"""Handlers of events. Each runs once per event, in its own transaction."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.schemas.contracts import (
    AdjustmentDue,
    AgreementAmended,
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
from marketplace.participants.queries import get_organisation

from .trades.services.acceptance import accept_delivered
from .trades.services.amendments import amend_charges
from .trades.services.charges import record_usage
from .trades.services.commissioned import record_receipt
from .trades.services.corrections import adjust_trade
from .trades.services.disputes import dispute_trade, resolve_trade
from .trades.services.endings import end_agreement, return_undelivered
from .trades.services.trades import conclude_trade, secure_waiting_trades

UNSERVED = ("not_collected", "terminated")
"""Reasons for the end of access after which the buyer does not pay for what was not delivered."""
RETURNING = ("refund", "termination")
"""Outcomes of a dispute that return the price."""


def on_agreement_concluded(event: AgreementConcluded, envelope: Envelope) -> None:
    """Makes the charge plan of an agreement and the trade of its first charge; secures the trade if it can."""
    conclude_trade(actor=SYSTEM, agreement=event, concluded_at=envelope.occurred_at)


def on_agreement_amended(event: AgreementAmended, envelope: Envelope) -> None:
    """Changes the coming charges of the agreement as its version says."""
    amend_charges(actor=SYSTEM, event=event)


def on_agreement_terminated(event: AgreementTerminated, envelope: Envelope) -> None:
    """Ends the charge plan of the agreement: it makes no further trade."""
    end_agreement(actor=SYSTEM, agreement=event.agreement, reason_code=event.reason_code)


def on_delivery_matched(event: DeliveryMatched, envelope: Envelope) -> None:
    """Sets the last day of payment for data made to order, counted from its receipt (取適法, article 3)."""
    record_receipt(actor=SYSTEM, agreement=event.agreement, received_at=envelope.occurred_at)


def on_delivery_accepted(event: DeliveryAccepted, envelope: Envelope) -> None:
    """Captures the accepted trade for the cycle that was open when the acceptance was committed."""
    accept_delivered(actor=SYSTEM, agreement=event.agreement, transaction_id=envelope.transaction)


def on_delivery_ended(event: DeliveryEnded, envelope: Envelope) -> None:
    """Returns the hold for what was not delivered, where access ended before its term."""
    if event.reason_code in UNSERVED:
        return_undelivered(actor=SYSTEM, agreement=event.agreement, reason_code=event.reason_code)


def on_usage_recorded(event: UsageRecorded, envelope: Envelope) -> None:
    """Records metered use and adds it to the charge of its period."""
    record_usage(actor=SYSTEM, event=event)


def on_payment_received(event: PaymentReceived, envelope: Envelope) -> None:
    """Secures the waiting trades of the participant whose pay-in was recorded."""
    payer = get_organisation(event.organisation)
    secure_waiting_trades(actor=SYSTEM, organisation_id=payer.id, currency=event.currency)


def on_dispute_opened(event: DisputeOpened, envelope: Envelope) -> None:
    """Marks the trade as disputed; its money stays on hold."""
    dispute_trade(actor=SYSTEM, agreement=event.agreement, dispute=event.dispute)


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """Returns the hold to the buyer, or secures the trade again until its acceptance."""
    resolve_trade(
        actor=SYSTEM, agreement=event.agreement, dispute=event.dispute, refund=event.outcome in RETURNING
    )


def on_adjustment_due(event: AdjustmentDue, envelope: Envelope) -> None:
    """Makes the obligation of a correction, in the cycle that was open when the correction was decided."""
    adjust_trade(
        actor=SYSTEM,
        agreement=event.agreement,
        adjustment=event.adjustment,
        debtor=event.debtor,
        creditor=event.creditor,
        amount_minor=event.amount_minor,
        kind=event.kind,
        within_left=event.within_left,
        transaction_id=envelope.transaction,
    )
