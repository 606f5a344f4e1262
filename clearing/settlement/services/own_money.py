"""The operator pays its own money into the client account."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.participants.queries import operator_organisation

from ..errors import ClientAccountMissing
from ..models import SettlementInstruction
from ..planning import instruction_without_cycle
from ..queries import client_account
from ..states import PaymentPurpose


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
