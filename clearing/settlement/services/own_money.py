"""The operator pays its own money into the client account, withdraws the plan to do so, or takes own money out."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text
from marketplace.participants.queries import operator_organisation

from ...approvals.services import require_two_people_to_pay
from ...ledger.errors import OperatorMoneyShort
from ...ledger.operator_money import within_operator_money
from ..errors import ClientAccountMissing, NotOwnMoney
from ..held_by_two import TAKE_OUT_OWN_MONEY
from ..models import SettlementInstruction
from ..operator_money import free_operator_money
from ..planning import instruction_without_cycle
from ..queries import client_account
from ..states import INSTRUCTION, TAKEN_OUT_REASON_LENGTH_MAX, InstructionState, PaymentPurpose


@transaction.atomic
def plan_own_money(*, actor: Actor, amount_minor: int, currency: str = "JPY") -> SettlementInstruction:
    """Plan a payment of the operator's own money into the client account; returns it, with the reference to state.

    It counts once the bank statement has it under that reference: then it covers refunds of fees that were paid out, and bank
    fees. Raises ClientAccountMissing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
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
    actor.require(Permission.CLEARING_WRITE)
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


@record_refusals()
def take_out_own_money(
    *, actor: Actor, amount_minor: int, reason: str, currency: str = "JPY"
) -> SettlementInstruction:
    """Plan a payment of the operator's own money out of the client account; returns it. Takes two people for any amount.

    At most what nothing else needs (``operator_money``): participants' money is never touched, nor what the operator has
    still to refund. ``reason`` says what the money is, such as interest or an advance that is needed no more. Raises
    SecondPersonNeeded, OperatorMoneyShort, ClientAccountMissing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_amount("amount_minor", amount_minor)
    why = stated_text("reason", reason, TAKEN_OUT_REASON_LENGTH_MAX)
    if client_account(currency) is None:
        raise ClientAccountMissing(currency=currency)
    if (free_minor := free_operator_money(currency)) < amount_minor:
        raise OperatorMoneyShort(missing_minor=amount_minor - free_minor, currency=currency)
    operator = operator_organisation()
    approval = require_two_people_to_pay(
        actor=actor,
        command=TAKE_OUT_OWN_MONEY,
        subject=currency,
        payee=operator.public_id,
        amount_minor=amount_minor,
        currency=currency,
        payload={"reason": why},
    )
    planned = instruction_without_cycle(
        currency=currency,
        organisation_id=operator.id,
        amount_minor=amount_minor,
        purpose=PaymentPurpose.SURPLUS,
        approval=approval,
    )
    with within_operator_money(currency):
        planned.save()
    record(
        kind="clearing.own_money_taken_out",
        subject=planned.public_id,
        actor=actor,
        payload={
            "reference": planned.reference,
            "amount_minor": amount_minor,
            "currency": currency,
            "reason": why,
            "first_person": approval.first_person,
        },
    )
    return planned
