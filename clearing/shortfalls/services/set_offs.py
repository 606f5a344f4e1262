"""Sets planned payments off against what their payees owe in a cycle."""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.events.schemas.clearing import PaymentSetOff
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants.queries import OrganisationView, organisations_by_id

from ...cycles.models import Cycle
from ...settlement.models import SettlementInstruction
from ...settlement.services.cancelling import cancel_planned_payment
from ..models import SetOff
from ..own_money import OwnMoney


def set_off_payments(cycle: Cycle, wanted: Mapping[int, int], money: OwnMoney) -> None:
    """Set off ``wanted`` (participant → amount) against the participants' planned payments, oldest first.

    Each payment is cancelled, and what remains of it is planned anew; the caller posts the amounts with the cover of the
    cycle in the same transaction. Records each set-off as evidence and emits payment.set_off.
    """
    if not wanted:
        return
    names = organisations_by_id(wanted)
    for key, wanted_minor in sorted(wanted.items()):
        left_minor = wanted_minor
        for payment, free_minor in money.payments[key]:
            part_minor = min(free_minor, left_minor)
            if part_minor:
                _set_off(cycle, payment, part_minor, names[key])
            left_minor -= part_minor
        if left_minor:
            raise ValueError(f"{left_minor} of the set-off of {names[key].public_id} has no planned payment")


def _set_off(cycle: Cycle, payment: SettlementInstruction, part_minor: int, payee: OrganisationView) -> None:
    remainder = cancel_planned_payment(payment, taken_minor=part_minor)
    made = SetOff.objects.create(
        cycle=cycle,
        organisation_id=payment.organisation_id,
        currency=payment.currency,
        instruction=payment,
        remainder=remainder,
        amount_minor=part_minor,
        set_off_at=clock.now(),
    )
    record(
        kind="clearing.payment_set_off",
        subject=payment.public_id,
        actor=SYSTEM,
        payload={
            "set_off": made.public_id,
            "cycle": cycle.business_key,
            "reference": payment.reference,
            "amount_minor": part_minor,
            "currency": payment.currency,
            "remainder": remainder.reference if remainder else None,
            "remainder_minor": remainder.amount_minor if remainder else 0,
        },
    )
    emit(
        PaymentSetOff(
            set_off=made.public_id,
            organisation=payee.public_id,
            cycle=cycle.public_id,
            payment=payment.reference,
            amount_minor=part_minor,
            remainder_minor=remainder.amount_minor if remainder else 0,
            currency=payment.currency,
        )
    )
