"""Handles payments that failed, are made again, or have an unknown outcome."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from marketplace.events.schemas.clearing import PaymentFound, PaymentLost
from marketplace.events.schemas.payments import PaymentReturned, ReturnSettled
from marketplace.events.services import emit, emit_all
from marketplace.evidence.services import Fact, record, record_all
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance, advance_all
from marketplace.kernel.texts import is_visible
from marketplace.participants.interest_queries import require_unrelated
from marketplace.participants.queries import organisations_by_id

from ...approvals.services import require_second_person
from ...cycles.models import Cycle
from ...ledger.locking import lock_balances
from ...ledger.locks import MOVER_LOCK
from ...ledger.models import Account
from ...ledger.operator_money import within_operator_money
from ...ledger.states import AccountKind
from ..attachments import unpaid_minor
from ..errors import MoreThanAttached, NothingToTransfer
from ..models import SettlementInstruction
from ..planning import creditor_to_pay, replacement_payment, unclaimed_minor
from ..states import INSTRUCTION, InstructionState
from ..still_due import still_due
from .attachments import hold_back_attached

logger = logging.getLogger(__name__)

ALARMS_A_SWEEP = 200
OVERDUE_A_SWEEP = 2_000
OVERDUE = Loop("clearing.mark_overdue_payments")
LOST = Loop("clearing.alarm_lost_payments")


@transaction.atomic
def report_failed_payment(*, actor: Actor, instruction: str, reason: str) -> SettlementInstruction:
    """Record the bank's notice that it did not make a payment. The money stays owed to the payee.

    Emits payment.returned. Raises Recused, IllegalTransition if the payment is not in progress, Missing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    if not is_visible(reason):
        raise FieldInvalid("reason", Label("state the bank's notice", "銀行からの通知内容を入力してください"))
    subject = _lock_instruction(instruction)
    require_unrelated(actor, subject.organisation_id)
    advance(
        subject,
        INSTRUCTION,
        command="fail",
        role="operator",
        failed_at=clock.now(),
        failure_reason=reason.strip()[:200],
    )
    record(
        kind="clearing.payment_failed",
        subject=subject.public_id,
        actor=actor,
        payload={"reference": subject.reference, "reason": subject.failure_reason},
    )
    hold_back_attached(subject.organisation_id, subject.currency)
    emit_payment_found(subject)
    emit(event_of_return(subject, _organisation_of(subject)))
    return subject


def event_of_return(payment: SettlementInstruction, organisation: str) -> PaymentReturned:
    """The event that a payment to an organisation (public identifier) came back."""
    return PaymentReturned(
        instruction=payment.public_id,
        organisation=organisation,
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        restraint=payment.creditor_payment.restraint.public_id if payment.creditor_payment else None,
    )


def _organisation_of(payment: SettlementInstruction) -> str:
    return organisations_by_id([payment.organisation_id])[payment.organisation_id].public_id


@record_refusals()
def retry_payment(*, actor: Actor, instruction: str) -> SettlementInstruction:
    """Plan a failed payment again, with its own reference; returns the new instruction.

    Repeating it returns the existing replacement, unless that was withdrawn. The amount is what is still due of the failed payment, because a
    shortfall may have used a part since. Raises NothingToTransfer unless it has failed and something is due,
    SecondPersonNeeded for a large amount, OperatorMoneyShort for a payment of the operator that its own money does not cover
    any more, MoreThanAttached for one to a creditor that was paid from another since, Missing, Forbidden. Emits
    payment.return_settled.
    """
    actor.require(Permission.CLEARING_WRITE)
    named = SettlementInstruction.objects.filter(public_id=instruction).first()
    if named is None:
        raise Missing(kind="settlement instruction", identifier=instruction)
    if named.creditor_payment_id is not None:
        # The attachment does not end meanwhile: it says who is paid.
        MOVER_LOCK.acquire()
    if named.cycle_id is not None:
        Cycle.objects.select_for_update(no_key=True).get(pk=named.cycle_id)
    failed = _lock_instruction(instruction)
    if failed.state != InstructionState.FAILED:
        raise NothingToTransfer(cycle=failed.reference, state=failed.state)
    _require_not_carried_out(failed)
    while (successor := SettlementInstruction.objects.filter(instead_of=failed).first()) is not None:
        failed = _lock_instruction(successor.public_id)
    if failed.state != InstructionState.FAILED and not _was_withdrawn(failed):
        return failed
    amount_minor = _still_due(failed)
    _require_attached(failed, amount_minor)
    require_second_person(
        actor=actor,
        command="clearing.retry_payment",
        subject=failed.public_id,
        payee=_organisation_of(failed),
        amount_minor=amount_minor,
        currency=failed.currency,
        payload={"reference": failed.reference, "direction": failed.direction},
    )
    planned = replacement_payment(failed, amount_minor)
    with within_operator_money(failed.currency):
        planned.save()
    hold_back_attached(planned.organisation_id, planned.currency)
    record(
        kind="clearing.payment_planned_again",
        subject=planned.public_id,
        actor=actor,
        payload={
            "reference": planned.reference,
            "instead_of": failed.reference,
            "amount_minor": planned.amount_minor,
        },
    )
    emit(
        ReturnSettled(
            instruction=failed.public_id, organisation=_organisation_of(failed), outcome="planned_again"
        )
    )
    return planned


def _require_not_carried_out(failed: SettlementInstruction) -> None:
    """Raise NothingToTransfer if the bank carried out a payment that ``failed`` replaces, after all."""
    for replaced in _replaced_by(failed):
        if replaced.state == InstructionState.CONFIRMED:
            raise NothingToTransfer(cycle=replaced.reference, state=replaced.state)


def _was_withdrawn(payment: SettlementInstruction) -> bool:
    """Whether a payment was cancelled because the bank carried out one that it replaces, which must have come back since."""
    return payment.state == InstructionState.CANCELLED and any(
        replaced.confirmed_at == payment.cancelled_at for replaced in _replaced_by(payment)
    )


def _replaced_by(payment: SettlementInstruction) -> Iterator[SettlementInstruction]:
    """The payments that ``payment`` replaces, the newest first."""
    replaced = payment.instead_of
    while replaced is not None:
        yield replaced
        replaced = replaced.instead_of


def _still_due(failed: SettlementInstruction) -> int:
    """What is still due of a failed payment; all of it for the operator."""
    receivable = Account.objects.filter(
        organisation_id=failed.organisation_id, currency=failed.currency, kind=AccountKind.RECEIVABLE
    ).first()
    if receivable is None:
        return failed.amount_minor
    lock_balances([receivable.pk])
    unclaimed = unclaimed_minor(failed.organisation_id, failed.currency)
    due = min(still_due([failed]).get(failed.pk, failed.amount_minor), unclaimed)
    if due <= 0:
        raise NothingToTransfer(cycle=failed.reference, state=failed.state)
    return due


def _require_attached(failed: SettlementInstruction, amount_minor: int) -> None:
    """Raise MoreThanAttached if a creditor would get more than what is attached and not paid."""
    creditor = creditor_to_pay(failed)
    unpaid = None if creditor is None else unpaid_minor(creditor.restraint_id)
    if unpaid is not None and unpaid < amount_minor:
        raise MoreThanAttached(payment=failed.public_id, most_minor=unpaid, currency=failed.currency)


def mark_overdue_payments(*, actor: Actor = SYSTEM) -> int:
    """Mark some payments as unknown whose value date passed without a bank entry; never as failed. Returns how many."""
    overdue = _sent_in_vain().exclude(public_id__in=OVERDUE.standing_aside())
    some = list(overdue.order_by("pk").values_list("public_id", flat=True)[:OVERDUE_A_SWEEP])
    return OVERDUE.together(some, lambda payments: _mark_unknown(payments, actor))


def _sent_in_vain() -> QuerySet[SettlementInstruction]:
    return SettlementInstruction.objects.filter(state=InstructionState.SENDING, value_date__lt=clock.today())


@transaction.atomic
def _mark_unknown(payments: list[str], actor: Actor) -> int:
    some = list(
        _sent_in_vain()
        .select_for_update(no_key=True, skip_locked=True)
        .filter(public_id__in=payments)
        .order_by("pk")
    )
    rows = SettlementInstruction.objects.filter(pk__in=[instruction.pk for instruction in some])
    advance_all(rows, INSTRUCTION, command="mark_unknown", role="system")
    record_all(
        [
            Fact(
                kind="clearing.payment_unknown",
                subject=instruction.public_id,
                actor=actor,
                payload={"reference": instruction.reference},
            )
            for instruction in some
        ]
    )
    return len(some)


def alarm_lost_payments(*, actor: Actor = SYSTEM) -> int:
    """Alarm the operator, once each, of payments unknown for more than a day after their value date; returns how many.

    Their state does not change: only the bank decides their outcome. Emits payment.lost.
    """
    lost = _lost().exclude(public_id__in=LOST.standing_aside()).order_by("pk")
    return LOST.each(
        lost.values_list("public_id", flat=True)[:ALARMS_A_SWEEP], lambda payment: _alarm(payment, actor)
    )


def _lost() -> QuerySet[SettlementInstruction]:
    return SettlementInstruction.objects.filter(
        state=InstructionState.UNKNOWN, alarmed_at=None, value_date__lt=clock.today() - timedelta(days=1)
    )


@transaction.atomic
def _alarm(payment: str, actor: Actor) -> bool:
    instruction = _lost().select_for_update(no_key=True, skip_locked=True).filter(public_id=payment).first()
    if instruction is None:
        return False
    instruction.alarmed_at = clock.now()
    instruction.save(update_fields=["alarmed_at"])
    day = instruction.value_date.isoformat() if instruction.value_date else ""
    logger.error("the outcome of payment %s of %s is unknown", instruction.reference, day)
    record(
        kind="clearing.payment_lost",
        subject=instruction.public_id,
        actor=actor,
        payload={"reference": instruction.reference, "value_date": day},
    )
    emit(
        PaymentLost(
            instruction=instruction.public_id,
            reference=instruction.reference,
            amount_minor=instruction.amount_minor,
            currency=instruction.currency,
            value_date=day,
        )
    )
    return True


def emit_payment_found(instruction: SettlementInstruction) -> None:
    """End the alarm about a payment whose outcome the bank has now reported. Emits payment.found."""
    emit_all(events_of_payment_found(instruction))


def events_of_payment_found(instruction: SettlementInstruction) -> list[PaymentFound]:
    """The event that ends the alarm about a payment, in its present state; none without an alarm."""
    if instruction.alarmed_at is None:
        return []
    return [PaymentFound(instruction=instruction.public_id, state=instruction.state)]


def _lock_instruction(public_id: str) -> SettlementInstruction:
    instruction = (
        SettlementInstruction.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    )
    if instruction is None:
        raise Missing(kind="settlement instruction", identifier=public_id)
    return instruction
