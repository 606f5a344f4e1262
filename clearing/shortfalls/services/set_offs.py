"""Sets planned payments off against what their payees owe in a cycle, and tells what is set off of ones that failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from marketplace.events.schemas.clearing import PaymentSetOff
from marketplace.events.schemas.payments import ReturnSetOff
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants.queries import OrganisationView, organisations_by_id

from ...cycles.models import Cycle
from ...settlement.models import SettlementInstruction
from ...settlement.services.attachments import hold_back_where_attached
from ...settlement.services.cancelling import cancel_planned_payment
from ...settlement.still_due import failed_payments, still_due
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
    hold_back_where_attached(wanted, cycle.currency)


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


class FailedSetOffs:
    """What a cover sets off of payments that failed: what was due of them before, and what is afterwards."""

    def __init__(self, cycle: Cycle, parties: Collection[int]) -> None:
        """Read what is due of the failed payments to ``parties``, whose receivables the caller has locked, before the cover."""
        self._cycle = cycle
        self._payments = failed_payments(parties, cycle.currency) if parties else []
        self._due = still_due(self._payments)

    def tell(self) -> None:
        """Once the cover is posted: record each set-off as evidence and emit payment.return_set_off."""
        after = still_due(self._payments)
        used = [row for row in self._payments if after.get(row.pk, 0) < self._due.get(row.pk, 0)]
        names = organisations_by_id({row.organisation_id for row in used}) if used else {}
        for payment in used:
            remainder_minor = after.get(payment.pk, 0)
            figures: dict[str, Any] = {
                "reference": payment.reference,
                "amount_minor": self._due[payment.pk] - remainder_minor,
                "remainder_minor": remainder_minor,
                "currency": payment.currency,
            }
            record(
                kind="clearing.return_set_off",
                subject=payment.public_id,
                actor=SYSTEM,
                payload={"cycle": self._cycle.business_key, **figures},
            )
            emit(
                ReturnSetOff(
                    instruction=payment.public_id,
                    organisation=names[payment.organisation_id].public_id,
                    cycle=self._cycle.public_id,
                    **figures,
                )
            )
