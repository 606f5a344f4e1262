"""The operator pays its own money into the client account, or withdraws the plan to do so."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.errors import Missing
from marketplace.kernel.states import advance
from marketplace.participants.queries import operator_organisation

from ..errors import ClientAccountMissing, NotOwnMoney
from ..models import SettlementInstruction
from ..planning import instruction_without_cycle
from ..queries import client_account
from ..states import INSTRUCTION, InstructionState, PaymentPurpose


@transaction.atomic
def plan_own_money(*, actor: Actor, amount_minor: int, currency: str = "JPY") -> SettlementInstruction:
    """Plan a payment of the operator's own money into the client account; returns it, with the reference to state.

    It counts once the bank statement has it under that reference: then it covers refunds of fees that were paid out, and bank
    fees. Raises ClientAccountMissing, FieldInvalid, Forbidden.
    """
    actor.require_operator()
    require_amount("amount_minor", amount_minor)
    if client_account(currency) is None:
        raise ClientAccountMissing(currency=currency)
    planned = instruction_without_cycle(
        currency=currency,
        organisation_id=operator_organisation().id,
        amount_minor=amount_minor,
        purpose=PaymentPurpose.OWN_MONEY,
    )
    planned.save()
    record(
        kind="clearing.own_money_planned",
        subject=planned.public_id,
        actor=actor,
        payload={"reference": planned.reference, "amount_minor": amount_minor, "currency": currency},
    )
    return planned


@transaction.atomic
def withdraw_own_money(*, actor: Actor, instruction: str) -> SettlementInstruction:
    """Withdraw a planned payment of the operator's own money, which nobody has made yet; idempotent.

    If the bank states it after all, it is in suspense like any receipt that is not expected. Raises NotOwnMoney, Missing,
    Forbidden.
    """
    actor.require_operator()
    planned = (
        SettlementInstruction.objects.select_for_update(no_key=True).filter(public_id=instruction).first()
    )
    if planned is None:
        raise Missing(kind="settlement instruction", identifier=instruction)
    is_own_money = planned.purpose == PaymentPurpose.OWN_MONEY
    if is_own_money and planned.state == InstructionState.CANCELLED:
        return planned
    if not is_own_money or planned.state != InstructionState.PLANNED:
        raise NotOwnMoney(instruction=instruction)
    advance(planned, INSTRUCTION, command="withdraw", role="operator", cancelled_at=clock.now())
    record(
        kind="clearing.own_money_withdrawn",
        subject=planned.public_id,
        actor=actor,
        payload={"reference": planned.reference, "amount_minor": planned.amount_minor},
    )
    return planned
