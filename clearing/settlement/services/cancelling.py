"""Cancels planned payments of which a part is set off or goes to a creditor, and plans the remainder again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from marketplace.kernel import clock
from marketplace.kernel.states import advance

from ...cycles.models import Cycle
from ...cycles.states import CycleState
from ..models import SettlementInstruction
from ..planning import replacement_payment
from ..restorations import restoration_that_shuts
from ..states import INSTRUCTION, InstructionState, PaymentDirection

PLANNED_OF_STATES = (CycleState.SETTLING, CycleState.PARTIAL, CycleState.SETTLED)


def planned_payments(organisation_ids: Iterable[int], currency: str) -> QuerySet[SettlementInstruction]:
    """Planned payments to participants in a currency, oldest first, with their cycles.

    Excludes those of a cycle that still plans payments, and all while sending is shut after a restoration: the market may
    have sent what the restored database believes to be planned.
    """
    if restoration_that_shuts(currency) is not None:
        return SettlementInstruction.objects.none()
    rows = SettlementInstruction.objects.filter(
        organisation_id__in=list(organisation_ids),
        currency=currency,
        direction=PaymentDirection.OUT,
        creditor_payment=None,
        state=InstructionState.PLANNED,
    )
    return rows.exclude(cycle__state=CycleState.POSTED).select_related("cycle").order_by("pk")


def lock_planned_payments(organisation_ids: Iterable[int], currency: str) -> list[SettlementInstruction]:
    """The ``planned_payments``, locked until the transaction ends.

    Lock order: their cycles, then the payments, each in key order; the caller locks balances afterwards.
    """
    planned = planned_payments(organisation_ids, currency)
    cycles = list(
        Cycle.objects.select_for_update(no_key=True)
        .filter(pk__in=planned.order_by().values("cycle"), state__in=PLANNED_OF_STATES)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows = planned.select_for_update(no_key=True, of=("self",))
    return [row for row in rows if row.cycle_id is None or row.cycle_id in cycles]


def cancel_planned_payment(
    instruction: SettlementInstruction, *, taken_minor: int
) -> SettlementInstruction | None:
    """Cancel a planned payment, which the caller has locked, and plan what remains of it; None if nothing does.

    The amount of an instruction is never edited. Raises IllegalTransition, ValueError for more than the payment.
    """
    remainder_minor = instruction.amount_minor - taken_minor
    if not 0 < taken_minor <= instruction.amount_minor:
        raise ValueError(f"{taken_minor} cannot be taken from payment {instruction.reference}")
    held_back = instruction.held_back
    advance(instruction, INSTRUCTION, command="cancel", role="system", cancelled_at=clock.now(), held_back="")
    if not remainder_minor:
        return None
    remainder = replacement_payment(instruction, remainder_minor)
    remainder.held_back = held_back
    remainder.save()
    return remainder


def give_back_payment(instruction: SettlementInstruction) -> SettlementInstruction:
    """Cancel a planned payment to a creditor, locked, whose attachment has ended, and plan its amount to the participant."""
    advance(instruction, INSTRUCTION, command="cancel", role="system", cancelled_at=clock.now(), held_back="")
    given = replacement_payment(instruction, instruction.amount_minor)
    given.save()
    return given
