"""Payments that went wrong: failed by the bank's word, made again, or out of sight."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import keeping_refusals
from marketplace.kernel.states import advance

from ..errors import NothingToTransfer
from ..models import Cycle, SettlementInstruction
from ..states import INSTRUCTION, InstructionState, PaymentDirection
from .approvals import require_second_person
from .instructions import instruction_for, next_sequence


@transaction.atomic
def report_failed_payment(*, actor: Actor, instruction: str, reason: str) -> SettlementInstruction:
    """Record the bank's notice that it did not carry a payment out. The money stays owed to the payee.

    Raises IllegalTransition where the payment is not on its way, Missing, FieldInvalid, Forbidden.
    """
    actor.require_operator()
    if not reason.strip():
        raise FieldInvalid("reason", Label("say what the bank told", "銀行からの通知内容を入力してください"))
    subject = _locked(instruction)
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
    return subject


@keeping_refusals()
def retry_payment(*, actor: Actor, instruction: str) -> SettlementInstruction:
    """Plan a payment that failed once more, under a reference of its own; the new instruction.

    Repeating it returns the payment that stands in its place. Raises NothingToTransfer unless it has failed,
    SecondPersonNeeded for a large amount, Missing, Forbidden.
    """
    actor.require_operator()
    cycle = (
        Cycle.objects.select_for_update(no_key=True)
        .filter(pk__in=SettlementInstruction.objects.filter(public_id=instruction).values("cycle"))
        .first()
    )
    if cycle is None:
        raise Missing(kind="settlement instruction", identifier=instruction)
    failed = _locked(instruction)
    if failed.state != InstructionState.FAILED:
        raise NothingToTransfer(cycle=failed.reference, state=failed.state)
    alive = (
        SettlementInstruction.objects.filter(cycle=cycle, organisation_id=failed.organisation_id)
        .exclude(state=InstructionState.FAILED)
        .first()
    )
    if alive is not None:
        return alive
    require_second_person(
        actor=actor,
        command="clearing.retry_payment",
        subject=failed.public_id,
        amount_minor=failed.amount_minor,
        currency=failed.currency,
        payload={"reference": failed.reference, "direction": failed.direction},
    )
    sign = 1 if failed.direction == PaymentDirection.OUT else -1
    planned = instruction_for(cycle, failed.organisation_id, sign * failed.amount_minor, next_sequence(cycle))
    planned.save()
    record(
        kind="clearing.payment_planned_again",
        subject=planned.public_id,
        actor=actor,
        payload={"reference": planned.reference, "instead_of": failed.reference},
    )
    return planned


@transaction.atomic
def mark_overdue_payments(*, actor: Actor = SYSTEM) -> int:
    """Payments whose value date passed without a word of the bank are unknown: never failed. Returns how many."""
    overdue = SettlementInstruction.objects.select_for_update(no_key=True, skip_locked=True).filter(
        state=InstructionState.SENDING, value_date__lt=clock.today()
    )
    count = 0
    for instruction in overdue.order_by("pk"):
        advance(instruction, INSTRUCTION, command="lose_sight", role="system")
        record(
            kind="clearing.payment_unknown",
            subject=instruction.public_id,
            actor=actor,
            payload={"reference": instruction.reference},
        )
        count += 1
    return count


def _locked(public_id: str) -> SettlementInstruction:
    instruction = (
        SettlementInstruction.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    )
    if instruction is None:
        raise Missing(kind="settlement instruction", identifier=public_id)
    return instruction
