"""Disputes over deliveries: the buyer opens them, the operator resolves them."""

from __future__ import annotations

from django.db import transaction

from marketplace.events.schemas.contracts import DisputeOpened, DisputeResolved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.participants.interest_queries import require_unrelated

from ..ending_queries import access_over_at
from ..errors import AgreementEnded, DisputeAlreadyOpen, RedeliveryTooLate
from ..models import Agreement, Dispute
from ..states import (
    DISPUTE,
    INSPECTED_ON,
    AgreementState,
    DisputeOutcome,
    DisputeReason,
    DisputeState,
    TerminationReason,
)
from .agreements import locked_agreement, terminate_agreement

TEXT_LENGTH_MAX = 5_000


@transaction.atomic
def open_dispute(*, actor: Actor, agreement: str, reason_code: str, text: str) -> Dispute:
    """Open a dispute, as the buyer, over a delivery that is inspected: its agreement may be over, if the price was not returned.

    Delivery calls it while it holds the delivery's lock, so either the acceptance or the dispute takes effect; delivery
    also checks the inspection period. Emits dispute.opened. Raises Missing, Forbidden, AgreementEnded,
    DisputeAlreadyOpen, FieldInvalid.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    if reason_code not in DisputeReason.values:
        known = ", ".join(DisputeReason.values)
        raise FieldInvalid("reason_code", Label(f"specify one of {known}", f"{known} から選んでください"))
    _check_text("text", text)
    subject = locked_agreement(actor, agreement)
    if actor.organisation_id != subject.buyer_id:
        raise Forbidden(needed=Label("the buyer", "利用者"))
    return _make_dispute(actor, subject, reason_code, text)


@transaction.atomic
def dispute_mismatch(*, actor: Actor, agreement: str, text: str) -> Dispute:
    """Open a dispute over a hash that the buyer reported and that is not that of what was sent, as delivery compared them.

    Delivery calls it while it holds the delivery's lock, as the buyer or, for a report that waited, as the system. Emits
    dispute.opened. Raises Missing, AgreementEnded, DisputeAlreadyOpen, PermissionNeeded.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    subject = locked_agreement(actor, agreement)
    return _make_dispute(actor, subject, DisputeReason.DAMAGED, text)


def _make_dispute(actor: Actor, subject: Agreement, reason_code: str, text: str) -> Dispute:
    agreement = subject.public_id
    if subject.state == AgreementState.TERMINATED and subject.termination_reason not in INSPECTED_ON:
        raise AgreementEnded(agreement=agreement)
    known_dispute = subject.disputes.filter(state=DisputeState.OPEN).first()
    if known_dispute is not None:
        raise DisputeAlreadyOpen(agreement=agreement, dispute=known_dispute.public_id)
    dispute = Dispute.objects.create(
        agreement=subject,
        reason_code=reason_code,
        text=text.strip(),
        opened_by=actor.identifier,
        opened_at=clock.now(),
    )
    record(
        kind="contracts.dispute_opened",
        subject=dispute.public_id,
        actor=actor,
        payload={
            "agreement": agreement,
            "reason_code": reason_code,
            "text_commitment": commitment_to(dispute.salt, dispute.text),
        },
    )
    emit(
        DisputeOpened(
            dispute=dispute.public_id,
            agreement=agreement,
            buyer=subject.buyer_identifier,
            seller=subject.seller_identifier,
            reason_code=reason_code,
        )
    )
    return dispute


@transaction.atomic
def resolve_dispute(*, actor: Actor, dispute: str, outcome: str, reason: str) -> Dispute:
    """Resolve a dispute, as the operator: ``dismissed``, ``redelivery``, ``refund`` or ``termination``, with the reason.

    A termination is for the seller's breach: the agreement ends at once, and the price is returned as by a refund.
    Delivery and clearing carry out the outcome. Once access is over for good, nothing is delivered again; after the agreement was
    terminated, the dispute is dismissed, or the price returned of what was inspected on. Emits dispute.resolved. Raises Missing,
    Recused, IllegalTransition, AgreementEnded, RedeliveryTooLate, FieldInvalid, Forbidden.
    """
    actor.require(Permission.DISPUTES_WRITE)
    if outcome not in DisputeOutcome.values:
        known = ", ".join(DisputeOutcome.values)
        raise FieldInvalid("outcome", Label(f"specify one of {known}", f"{known} から選んでください"))
    _check_text("reason", reason)
    agreement, subject = _locked(actor, dispute)
    require_unrelated(actor, agreement.buyer_id, agreement.seller_id)
    DISPUTE.target(state=subject.state, command="resolve", role=actor.role.value)
    _require_possible(agreement, subject, outcome)
    advance(
        subject,
        DISPUTE,
        command="resolve",
        role=actor.role.value,
        outcome=str(outcome),
        finding=reason.strip(),
        resolved_by=actor.identifier,
        resolved_at=clock.now(),
    )
    record(
        kind="contracts.dispute_resolved",
        subject=subject.public_id,
        actor=actor,
        payload={
            "agreement": agreement.public_id,
            "outcome": subject.outcome,
            "finding_commitment": commitment_to(subject.salt, reason.strip()),
        },
    )
    emit(
        DisputeResolved(
            dispute=subject.public_id,
            agreement=agreement.public_id,
            buyer=agreement.buyer_identifier,
            seller=agreement.seller_identifier,
            outcome=str(outcome),
        )
    )
    if outcome == DisputeOutcome.TERMINATION:
        terminate_agreement(
            agreement=agreement.public_id,
            reason_code=TerminationReason.SELLER_BREACH,
            cause=subject.public_id,
            actor=actor,
        )
    return subject


def _require_possible(agreement: Agreement, dispute: Dispute, outcome: str) -> None:
    """Raise AgreementEnded or RedeliveryTooLate unless a dispute can still end so."""
    if agreement.state == AgreementState.TERMINATED:
        is_returnable = agreement.termination_reason in INSPECTED_ON and outcome == DisputeOutcome.REFUND
        if outcome != DisputeOutcome.DISMISSED and not is_returnable:
            raise AgreementEnded(agreement=agreement.public_id)
    if outcome == DisputeOutcome.REDELIVERY:
        closed_at = access_over_at(agreement, dispute.opened_at)
        if closed_at is not None and closed_at <= clock.now():
            raise RedeliveryTooLate(dispute=dispute.public_id, closed_at=closed_at.isoformat())


def _locked(actor: Actor, public_id: str) -> tuple[Agreement, Dispute]:
    """The dispute and its agreement, both locked, the agreement first; raises Missing."""
    agreement = (
        Dispute.objects.filter(public_id=public_id).values_list("agreement__public_id", flat=True).first()
    )
    if agreement is None:
        raise Missing(kind="dispute", identifier=public_id)
    subject = locked_agreement(actor, agreement)
    return subject, Dispute.objects.select_for_update().get(public_id=public_id)


def _check_text(name: str, text: str) -> None:
    if not text.strip() or len(text) > TEXT_LENGTH_MAX or "\x00" in text:
        raise FieldInvalid(
            name,
            Label(f"use 1 to {TEXT_LENGTH_MAX} characters", f"1～{TEXT_LENGTH_MAX}字で入力してください"),
        )
