"""Pays attaching creditors what courts and offices order, and gives participants back what is attached no more."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from marketplace.events.schemas.attachments import AttachmentPaid
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.payout_accounts import PayoutAccount, payout_account
from marketplace.participants.queries import organisations_by_id

from ...approvals.services import require_two_people_to_pay
from ...cycles.errors import CycleIsPaused
from ...cycles.models import Cycle
from ...ledger.locks import MOVER_LOCK
from ...settlement.attachments import attached_payments, unpaid_minor
from ...settlement.errors import MoreThanAttached
from ...settlement.held_by_two import CREDITOR_FIELDS, PAY_CREDITOR
from ...settlement.models import SettlementInstruction
from ...settlement.planning import instruction_without_cycle
from ...settlement.restorations import require_sending_open
from ...settlement.restraint_models import CreditorPayment, SetOffRestraint
from ...settlement.services.attachments import hold_back_attached
from ...settlement.services.cancelling import cancel_planned_payment
from ...settlement.states import (
    CreditorKind,
    InstructionState,
    PaymentDirection,
    PaymentPurpose,
    RestraintKind,
)
from ...settlement.still_due import still_due
from ..errors import AttachmentsCompete, NotAttached, RestraintLifted


@record_refusals()
def pay_creditor(
    *,
    actor: Actor,
    restraint: str,
    payment: str,
    amount_minor: int,
    payee_kind: str,
    payee_name: str,
    payee_account: dict[str, str],
    document: str,
    document_sha256: str,
) -> SettlementInstruction:
    """Plan the payment of an attached amount to whom the order names; returns it. Takes two people for any amount.

    ``payment`` is a planned payment that the attachment ``restraint`` holds back: it is cancelled, and what remains of it is
    planned anew to the participant, held back as far as more is attached. Or it is a payment to a creditor that failed: all
    that is still due of it is paid again, to the account now stated. ``document`` cites the order or notice that is followed,
    ``document_sha256`` is that of its copy. The participant is told. Emits attachment.paid.
    Raises SecondPersonNeeded, NotAttached, MoreThanAttached, AttachmentsCompete, RestraintLifted, CycleIsPaused,
    SendingIsShut, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_amount("amount_minor", amount_minor)
    account = payout_account(payee_account)
    stated = _stated(payee_kind, payee_name, document, document_sha256, account)
    MOVER_LOCK.acquire()
    attachment = attachment_in_force(restraint)
    require_sending_open(attachment.currency)
    taken = _attached_payment(attachment, payment)
    _require_within(attachment, taken, amount_minor)
    if payee_kind != CreditorKind.DEPOSIT_OFFICE:
        _require_no_other(attachment)
    approval = require_two_people_to_pay(
        actor=actor,
        command=PAY_CREDITOR,
        subject=attachment.public_id,
        payee="",
        amount_minor=amount_minor,
        currency=attachment.currency,
        payload={"payment": taken.public_id, **stated},
    )
    failed = taken if taken.state == InstructionState.FAILED else None
    if failed is None:
        cancel_planned_payment(taken, taken_minor=amount_minor)
    decided = CreditorPayment.objects.create(
        restraint=attachment,
        payment=taken,
        amount_minor=amount_minor,
        currency=attachment.currency,
        approval=approval,
        decided_by=actor.identifier,
        decided_at=taken.cancelled_at or clock.now(),
        **stated,
    )
    planned = instruction_without_cycle(
        currency=attachment.currency,
        organisation_id=attachment.organisation_id,
        amount_minor=amount_minor,
        purpose=PaymentPurpose.ATTACHMENT,
        public_id=new_identifier("stl"),
        creditor_payment=decided,
        instead_of=failed,
    )
    planned.save()
    hold_back_attached(attachment.organisation_id, attachment.currency)
    _tell(actor, decided, planned)
    return planned


def _tell(actor: Actor, decided: CreditorPayment, planned: SettlementInstruction) -> None:
    """Record what was decided as evidence, and emit it."""
    attachment, taken = decided.restraint, decided.payment
    payee = organisations_by_id([attachment.organisation_id])[attachment.organisation_id]
    record(
        kind="clearing.creditor_paid",
        subject=decided.public_id,
        actor=actor,
        payload={
            "restraint": attachment.public_id,
            "organisation": payee.public_id,
            "taken_from": taken.reference,
            "reference": planned.reference,
            "amount_minor": decided.amount_minor,
            "currency": decided.currency,
            "payee_kind": decided.payee_kind,
            "document": decided.document,
            "document_sha256": decided.document_sha256,
            "first_person": decided.approval.first_person,
        },
    )
    emit(
        AttachmentPaid(
            restraint=attachment.public_id,
            organisation=payee.public_id,
            payment=planned.public_id,
            taken_from=taken.reference,
            amount_minor=decided.amount_minor,
            currency=decided.currency,
            payee_kind=decided.payee_kind,
        )
    )


def attachment_in_force(restraint: str) -> SetOffRestraint:
    """The attachment of a public identifier. Raises RestraintLifted once it ended, Missing."""
    found = SetOffRestraint.objects.filter(
        public_id=restraint, lifts=None, kind=RestraintKind.ATTACHMENT
    ).first()
    if found is None:
        raise Missing(kind="attachment", identifier=restraint)
    if SetOffRestraint.objects.filter(lifts=found).exists():
        raise RestraintLifted(restraint=restraint)
    return found


def _stated(
    payee_kind: str, payee_name: str, document: str, document_sha256: str, account: PayoutAccount
) -> dict[str, Any]:
    """The columns of ``CREDITOR_FIELDS``. Raises FieldInvalid."""
    if payee_kind not in CreditorKind.values:
        known = ", ".join(CreditorKind.values)
        raise FieldInvalid("payee_kind", Label(f"choose one of {known}", f"{known} から選んでください"))
    for name, text in (("payee_name", payee_name), ("document", document)):
        if not text.strip():
            raise FieldInvalid(
                name,
                Label(
                    "name the payee, and the document that orders it", "支払先と根拠文書を記載してください"
                ),
            )
    stated = {
        "payee_kind": payee_kind,
        "payee_name": payee_name.strip(),
        "document": document.strip(),
        "document_sha256": document_sha256,
        **{name: getattr(account, name) for name in PayoutAccount.__dataclass_fields__},
    }
    return {name: stated[name] for name in CREDITOR_FIELDS}


def _attached_payment(attachment: SetOffRestraint, payment: str) -> SettlementInstruction:
    """The payment that the creditor is paid from, locked with its cycle. Raises CycleIsPaused, NotAttached, Missing."""
    named = SettlementInstruction.objects.filter(
        public_id=payment, organisation_id=attachment.organisation_id, currency=attachment.currency
    ).first()
    if named is None:
        raise Missing(kind="settlement instruction", identifier=payment)
    if named.cycle_id is not None:
        cycle = Cycle.objects.select_for_update(no_key=True).get(pk=named.cycle_id)
        if cycle.paused_since is not None:
            raise CycleIsPaused(cycle=cycle.business_key, reason=cycle.pause_reason)
    found = next(row for row in _lock_planned(attachment, Q(pk=named.pk)) if row.pk == named.pk)
    held = attached_payments([attachment.organisation_id], attachment.currency)
    if found.pk in held:
        return found
    to_creditor = (
        found.creditor_payment_id is not None and found.creditor_payment.restraint_id == attachment.pk  # type: ignore[union-attr]
    )
    is_failed = found.state == InstructionState.FAILED
    made_again = SettlementInstruction.objects.filter(instead_of=found).exists()
    if not to_creditor or not is_failed or made_again:
        raise NotAttached(payment=payment, restraint=attachment.public_id)
    return found


def _lock_planned(attachment: SetOffRestraint, also: Q) -> list[SettlementInstruction]:
    """What is planned to the participant of an attachment, and ``also``, locked in key order as transfer files lock them."""
    to_participant = Q(
        organisation_id=attachment.organisation_id,
        currency=attachment.currency,
        direction=PaymentDirection.OUT,
        creditor_payment=None,
        state=InstructionState.PLANNED,
    )
    rows = SettlementInstruction.objects.select_for_update(no_key=True, of=("self",))
    return list(rows.filter(to_participant | also).order_by("pk"))


def _require_within(attachment: SetOffRestraint, taken: SettlementInstruction, amount_minor: int) -> None:
    """Raise MoreThanAttached beyond the payment or what is attached; what is due of a failed payment is paid as a whole."""
    failed = taken.state == InstructionState.FAILED
    due_minor = taken.amount_minor
    if failed:
        due_minor = still_due([taken])[taken.pk]
    unpaid = unpaid_minor(attachment.pk)
    most_minor = due_minor if unpaid is None else min(due_minor, unpaid)
    if not (most_minor if failed else 1) <= amount_minor <= most_minor:
        raise MoreThanAttached(payment=taken.public_id, most_minor=most_minor, currency=taken.currency)


def _require_no_other(attachment: SetOffRestraint) -> None:
    """Raise AttachmentsCompete if attachments in force come to more than what is planned to the participant."""
    in_force = SetOffRestraint.objects.filter(
        organisation_id=attachment.organisation_id,
        currency=attachment.currency,
        kind=RestraintKind.ATTACHMENT,
        lifts=None,
        lifted_by=None,
    )
    unpaid = [unpaid_minor(key) for key in in_force.values_list("pk", flat=True)]
    wanting = [minor for minor in unpaid if minor != 0]
    if len(wanting) < 2:
        return
    rows = SettlementInstruction.objects.filter(
        organisation_id=attachment.organisation_id,
        currency=attachment.currency,
        direction=PaymentDirection.OUT,
        creditor_payment=None,
        state=InstructionState.PLANNED,
    )
    planned_minor = sum(rows.values_list("amount_minor", flat=True))
    if None in wanting or sum(minor or 0 for minor in wanting) > planned_minor:
        raise AttachmentsCompete(restraint=attachment.public_id)


def unsent_to_creditors(attachment: SetOffRestraint) -> list[SettlementInstruction]:
    """What is planned to creditors of an attachment and was not sent, locked; it is given back when the attachment ends.

    What was sent stays sent; what failed, the operator plans again to the participant (``retry_payment``). The caller holds
    ``MOVER_LOCK``. Raises SendingIsShut if there is any while the market may have sent it.
    """
    to_creditors = Q(creditor_payment__restraint=attachment, state=InstructionState.PLANNED)
    unsent = [row for row in _lock_planned(attachment, to_creditors) if row.creditor_payment_id is not None]
    if unsent:
        require_sending_open(attachment.currency)
    return unsent
