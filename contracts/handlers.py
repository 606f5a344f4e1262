"""Event handlers of contracts."""

from __future__ import annotations

from datetime import datetime

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import PeriodCharged, TradeConcluded, TradeFailed, TradeRefunded
from marketplace.events.schemas.contracts import AgreementAmended
from marketplace.events.schemas.delivery import DeliveryRestored
from marketplace.events.schemas.listings import ListingWithdrawn
from marketplace.events.schemas.members import MemberChanged
from marketplace.events.schemas.participants import AdmissionDecided, ParticipantSuspended
from marketplace.events.schemas.rules import TradingHalted, TradingResumed
from marketplace.participants.people_queries import person_of_member
from marketplace.participants.states import ENDED_ADMISSIONS

from . import services
from .adjusting.services import adjust_begun_charge, adjust_used_period
from .law.services import follow_law
from .states import TerminationReason


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """End the open negotiations of a suspended participant. Agreements in force continue; their other parties are told."""
    services.end_of_suspended(organisation=event.organisation, suspension=event.suspension)
    services.notify_counterparties(
        organisation=event.organisation, suspension=event.suspension, kind=event.kind
    )


def on_listing_withdrawn(event: ListingWithdrawn, envelope: Envelope) -> None:
    """End the open negotiations over a withdrawn listing. Agreements in force continue."""
    services.end_of_withdrawn(listing=event.listing)


def on_admission_decided(event: AdmissionDecided, envelope: Envelope) -> None:
    """End the open negotiations under an admission that has ended, and tell the operator. Agreements in force continue."""
    if event.state in ENDED_ADMISSIONS:
        services.end_of_admission(
            admission=event.admission,
            organisation=event.organisation,
            segment=event.segment,
            capacity=event.capacity,
            state=event.state,
        )


def on_trade_concluded(event: TradeConcluded, envelope: Envelope) -> None:
    """Fire the clauses that adjust a charge when it begins."""
    adjust_begun_charge(agreement=event.agreement, charge=event.charge)


def on_period_charged(event: PeriodCharged, envelope: Envelope) -> None:
    """Fire the clause that adjusts what a metered period was charged."""
    adjust_used_period(
        agreement=event.agreement,
        charge=event.charge,
        uses=event.uses,
        charged_minor=event.charged_minor,
    )


def on_agreement_amended(event: AgreementAmended, envelope: Envelope) -> None:
    """Settle what law asked to be amended."""
    follow_law(event.agreement)


def on_trade_failed(event: TradeFailed, envelope: Envelope) -> None:
    """Terminate the agreement: the price was not paid in."""
    services.terminate_agreement(
        agreement=event.agreement, reason_code=TerminationReason.PAYMENT_FAILED, cause=event.reason_code
    )


def on_trade_refunded(event: TradeRefunded, envelope: Envelope) -> None:
    """Terminate the agreement: the price was returned."""
    services.terminate_agreement(
        agreement=event.agreement, reason_code=TerminationReason.REFUNDED, cause=event.type
    )


def on_delivery_restored(event: DeliveryRestored, envelope: Envelope) -> None:
    """Move the end of the agreement: access that was lost was given back."""
    if event.expires_at is not None:
        ends_at = datetime.fromisoformat(event.expires_at)
        services.move_end(agreement=event.agreement, ends_at=ends_at, version=event.version_number)


def on_trading_halted(event: TradingHalted, envelope: Envelope) -> None:
    """Notify the parties of open negotiations that the halt covers."""
    services.notify_of_halt(halt=event.halt, lifted=False)


def on_trading_resumed(event: TradingResumed, envelope: Envelope) -> None:
    """Notify the parties of open negotiations that the halt was lifted."""
    services.notify_of_halt(halt=event.halt, lifted=True)


def on_member_changed(event: MemberChanged, envelope: Envelope) -> None:
    """Revoke the mandates of a person who is no signatory any more."""
    services.end_without_signer(organisation=event.organisation, person=person_of_member(event.member))
