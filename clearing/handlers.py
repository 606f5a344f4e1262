"""Handlers of events. Each runs once per event, in its own transaction."""

from __future__ import annotations

from datetime import date, datetime

from contracts.disputing.rules import HOLDING
from contracts.disputing.states import RemedyKind
from contracts.ending.queries import closes_at
from contracts.ending.states import EndingGround, EndingParty
from contracts.services import remedy_done
from contracts.states import ENDED_EARLY
from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.schemas.contracts import (
    AdjustmentDue,
    AgreementAmended,
    AgreementConcluded,
    AgreementEnding,
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
from marketplace.kernel.clock import business_date
from marketplace.participants.queries import get_organisation

from .trades.services.acceptance import accept_delivered
from .trades.services.amendments import amend_charges
from .trades.services.awaited import void_dropped
from .trades.services.commissioned import record_receipt
from .trades.services.corrections import adjust_trade
from .trades.services.disputes import dispute_trade, resolve_trade
from .trades.services.endings import end_agreement, return_undelivered
from .trades.services.stops import resume_charges, stop_charges
from .trades.services.trades import conclude_trade, secure_waiting_trades
from .trades.services.usage import record_usage

UNSERVED = ("not_collected", "terminated")
"""Reasons for the end of access after which the buyer does not pay for what was not delivered."""
RETURNING = ("refund", "termination")
"""Outcomes of a buyer's dispute that return what is on hold."""


def on_agreement_concluded(event: AgreementConcluded, envelope: Envelope) -> None:
    """Makes the charge plan of an agreement and the trade of its first charge; secures the trade if it can."""
    stated = datetime.fromisoformat(event.concluded_at) if event.concluded_at else envelope.occurred_at
    conclude_trade(actor=SYSTEM, agreement=event, concluded_at=stated)


def on_agreement_ending(event: AgreementEnding, envelope: Envelope) -> None:
    """Charges no period that is due after the last day, while an early end is scheduled; and no instalment after the seller's notice."""
    if event.state == "scheduled":
        stop_charges(
            actor=SYSTEM,
            agreement=event.agreement,
            ending=event.ending,
            last_day=date.fromisoformat(event.last_day),
            ends_instalments=(event.ground, event.party) == (EndingGround.CONVENIENCE, EndingParty.SELLER),
        )
    elif event.state == "dropped" and closes_at(event.agreement) is None:
        # A proposal that another end overtook stops nothing, so with it nothing resumes.
        resume_charges(actor=SYSTEM, agreement=event.agreement, ending=event.ending)


def on_agreement_amended(event: AgreementAmended, envelope: Envelope) -> None:
    """Changes the coming charges of the agreement as its version says."""
    amend_charges(actor=SYSTEM, event=event)
    void_dropped(actor=SYSTEM, agreement=event.agreement, charges=event.charges)


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
        return_undelivered(
            actor=SYSTEM,
            agreement=event.agreement,
            reason_code=event.reason_code,
            received=event.received,
            ended_on=business_date(envelope.occurred_at),
        )


def on_usage_recorded(event: UsageRecorded, envelope: Envelope) -> None:
    """Records metered use and adds it to the charge of its period."""
    record_usage(actor=SYSTEM, event=event)


def on_payment_received(event: PaymentReceived, envelope: Envelope) -> None:
    """Secures the waiting trades of the participant whose pay-in was recorded."""
    payer = get_organisation(event.organisation)
    secure_waiting_trades(actor=SYSTEM, organisation_id=payer.id, currency=event.currency)


def on_dispute_opened(event: DisputeOpened, envelope: Envelope) -> None:
    """Marks the trade as disputed; its money stays on hold. Only the buyer's dispute holds money."""
    if event.opened_as in HOLDING:
        dispute_trade(actor=SYSTEM, agreement=event.agreement, dispute=event.dispute)


def on_dispute_resolved(event: DisputeResolved, envelope: Envelope) -> None:
    """Returns the hold to the buyer, or secures the trade again until its acceptance; with a refund after acceptance, what was paid too."""
    if event.opened_as not in HOLDING:
        return
    returns = event.outcome in RETURNING
    resolve_trade(
        actor=SYSTEM,
        agreement=event.agreement,
        dispute=event.dispute,
        refund=returns,
        whole=event.after_acceptance and event.outcome == "refund",
        after_acceptance=event.after_acceptance,
    )
    if returns:
        remedy_done(dispute=event.dispute, kind=RemedyKind.MONEY_BACK)


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
        # What was not enjoyed comes back; of a charge that nobody paid in, nothing does.
        of_paid=event.reason_code == ENDED_EARLY,
        charge=event.charge,
        waits_for_use=True,
        transaction_id=envelope.transaction,
    )
