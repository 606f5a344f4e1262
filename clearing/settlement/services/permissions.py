"""Release one payment to a participant under sanctions by the permission of an authority."""

from __future__ import annotations

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ...approvals.services import require_two_people
from ..errors import NotUnderSanctions
from ..held_by_two import PERMIT_PAYMENT
from ..models import SettlementInstruction
from ..sanction_models import PaymentPermission
from ..sanctions import sanctioned_payments
from ..states import Hindrance, InstructionState


@record_refusals()
def permit_payment(*, actor: Actor, instruction: str, number: str, authority: str) -> SettlementInstruction:
    """State that an authority permitted a planned payment to a participant under sanctions; takes two people.

    ``number`` is the number of the permission, ``authority`` who gave it. The next transfer file has the payment, if nothing
    else holds it back; the suspension stands. Raises SecondPersonNeeded, Recused, NotUnderSanctions, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    stated = {"number": number.strip(), "authority": authority.strip()}
    for field, text in stated.items():
        if not text:
            raise FieldInvalid(field, Label("this field is required", "入力してください"))
    payment = (
        SettlementInstruction.objects.select_for_update(no_key=True).filter(public_id=instruction).first()
    )
    if payment is None:
        raise Missing(kind="settlement instruction", identifier=instruction)
    if payment.state != InstructionState.PLANNED or not sanctioned_payments([payment]):
        raise NotUnderSanctions(payment=instruction)
    approval = require_two_people(
        actor=actor, command=PERMIT_PAYMENT, subject=payment.public_id, payload=stated
    )
    permission = PaymentPermission.objects.create(
        payment=payment,
        approval=approval,
        permitted_by=actor.identifier,
        permitted_at=clock.now(),
        **stated,
    )
    if payment.held_back == Hindrance.SANCTIONED:
        payment.held_back = ""
        payment.save(update_fields=["held_back"])
    record(
        kind="clearing.payment_permitted",
        subject=permission.public_id,
        actor=actor,
        payload={
            "payment": payment.public_id,
            "reference": payment.reference,
            "first_person": approval.first_person,
            **stated,
        },
    )
    return payment
