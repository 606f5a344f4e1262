"""Terminate agreements, and adjust their price."""

from __future__ import annotations

import re

from django.db import transaction

from marketplace.events.schemas.contracts import AdjustmentDue, AgreementTerminated
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text

from ..errors import AgreementEnded, NotAParty, PriceExceeded
from ..models import Adjustment, Agreement
from ..states import AGREEMENT, AgreementState, Party, TerminationReason

REASON_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
REASON_LENGTH_MAX = 2_000


def locked_agreement(actor: Actor, public_id: str) -> Agreement:
    """The agreement, locked until the transaction ends. Raises Missing, also where it is of two others."""
    agreement = Agreement.objects.select_for_update().filter(public_id=public_id).first()
    if agreement is None:
        raise Missing(kind="agreement", identifier=public_id)
    actor.require_scope(agreement.buyer_id, agreement.seller_id, kind="agreement", identifier=public_id)
    return agreement


@transaction.atomic
def terminate_agreement(
    *, agreement: str, reason_code: TerminationReason, cause: str, actor: Actor = SYSTEM
) -> Agreement:
    """Terminate an agreement because its price was not paid in or was returned.

    ``cause`` is the reason code of the event. An agreement that is already terminated stays so. Emits
    agreement.terminated. Raises Missing, IllegalTransition.
    """
    subject = locked_agreement(actor, agreement)
    if subject.state == AgreementState.TERMINATED:
        return subject
    advance(
        subject,
        AGREEMENT,
        command="terminate",
        role=actor.role.value,
        terminated_at=clock.now(),
        termination_reason=reason_code.value,
    )
    record(
        kind="contracts.agreement_terminated",
        subject=subject.public_id,
        actor=actor,
        payload={"reason_code": reason_code.value, "cause": cause},
    )
    emit(
        AgreementTerminated(
            agreement=subject.public_id,
            buyer=subject.buyer_identifier,
            seller=subject.seller_identifier,
            reason_code=reason_code.value,
        )
    )
    return subject


@transaction.atomic
def adjust_price(
    *,
    actor: Actor,
    agreement: str,
    debtor: str,
    amount_minor: int,
    reason: str,
    reason_code: str = "price_correction",
) -> Adjustment:
    """Order, as the operator, that ``debtor`` (the buyer's or seller's public identifier) pays ``amount_minor``,
    without tax, to the other party.

    The seller never returns more than the price. Emits adjustment.due. Raises Missing, AgreementEnded, NotAParty,
    PriceExceeded, FieldInvalid, Forbidden.
    """
    actor.require(Permission.DISPUTES_WRITE)
    _check_order(amount_minor, reason_code, reason)
    subject = locked_agreement(actor, agreement)
    parties = {subject.seller_identifier: Party.SELLER, subject.buyer_identifier: Party.BUYER}
    if debtor not in parties:
        raise NotAParty(agreement=agreement, organisation=debtor)
    if subject.state == AgreementState.TERMINATED:
        raise AgreementEnded(agreement=agreement)
    remaining = subject.price_minor - _sum_returned(subject)
    if parties[debtor] is Party.SELLER and amount_minor > remaining:
        raise PriceExceeded(agreement=agreement, remaining_minor=remaining)
    adjustment = Adjustment.objects.create(
        agreement=subject,
        debtor=parties[debtor].value,
        amount_minor=amount_minor,
        currency=subject.currency,
        reason_code=reason_code,
        reason=reason.strip(),
        ordered_by=actor.identifier,
        ordered_at=clock.now(),
    )
    creditor = next(party for party in parties if party != debtor)
    facts = {"agreement": agreement, "debtor": debtor, "creditor": creditor, "reason_code": reason_code}
    record(
        kind="contracts.price_adjusted",
        subject=adjustment.public_id,
        actor=actor,
        payload={
            **facts,
            "amount_minor": amount_minor,
            "currency": subject.currency,
            "reason_commitment": commitment_to(adjustment.salt, adjustment.reason),
        },
    )
    emit(
        AdjustmentDue(
            adjustment=adjustment.public_id, amount_minor=amount_minor, currency=subject.currency, **facts
        )
    )
    return adjustment


def _check_order(amount_minor: int, reason_code: str, reason: str) -> None:
    require_amount("amount_minor", amount_minor)
    if not REASON_CODE.fullmatch(reason_code):
        raise FieldInvalid(
            "reason_code",
            Label(
                "use a code in snake case, at most 40 letters", "40字以内の英小文字と下線で指定してください"
            ),
        )
    stated_text("reason", reason, REASON_LENGTH_MAX)


def _sum_returned(agreement: Agreement) -> int:
    """The amount that the seller has returned so far, less what the buyer paid in addition."""
    returned = 0
    for debtor, amount_minor in agreement.adjustments.values_list("debtor", "amount_minor"):
        returned += amount_minor if debtor == Party.SELLER else -amount_minor
    return returned
