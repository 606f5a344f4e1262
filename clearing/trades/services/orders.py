"""Orders that contracts records and clearing carries out: price adjustments, and resolutions of disputes.

They move money, so a large amount needs two people, and an adjustment stays within what remains of the trade.
"""

from __future__ import annotations

from django.db.models import Sum

from contracts.models import Adjustment, Agreement, Dispute
from contracts.services import adjust_price, check_resolution, resolve_dispute
from contracts.states import DisputeOutcome
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ...approvals.services import require_second_person
from ..errors import ChargeOver
from ..models import Trade
from ..states import TradeState
from .corrections import adjust_trade

TO_BUYER = (DisputeOutcome.REFUND, DisputeOutcome.REDUCTION, DisputeOutcome.TERMINATION)
"""Outcomes by which the buyer gets money."""


@record_refusals()
def order_adjustment(
    *,
    actor: Actor,
    agreement: str,
    debtor: str,
    amount_minor: int,
    reason: str,
    reason_code: str = "price_correction",
    charge: int | None = None,
) -> Adjustment:
    """Order, as the operator, that one party of an agreement pays ``amount_minor``, without tax, to the other for a charge.

    The obligation is made at once, so that what remains of the trade bounds it together with refunds; where the charge is no trade yet, it
    waits for that within the price. Emits adjustment.due. Raises SecondPersonNeeded for a large amount, ChargeOver, BeyondCaptured,
    NotAcceptedYet, and as ``contracts.services.adjust_price``.
    """
    actor.require(Permission.DISPUTES_WRITE)
    adjustment = adjust_price(
        actor=actor,
        agreement=agreement,
        debtor=debtor,
        amount_minor=amount_minor,
        reason=reason,
        reason_code=reason_code,
        charge=charge,
    )
    parties = adjustment.agreement.buyer_identifier, adjustment.agreement.seller_identifier
    creditor = parties[0] if debtor == parties[1] else parties[1]
    if Trade.objects.filter(agreement=agreement).exists():
        moves = adjust_trade(
            actor=actor,
            agreement=agreement,
            adjustment=adjustment.public_id,
            debtor=debtor,
            creditor=creditor,
            amount_minor=amount_minor,
            transaction_id=None,
            charge=adjustment.charge,
        )
        if not moves:
            raise ChargeOver(agreement=agreement, charge=str(adjustment.charge))
    require_second_person(
        actor=actor,
        command="clearing.adjustment",
        subject=agreement,
        payee=creditor,
        amount_minor=amount_minor,
        currency=adjustment.currency,
        payload={
            "amount_minor": amount_minor,
            "debtor": debtor,
            "reason_code": reason_code,
            "charge": adjustment.charge,
            "reason": adjustment.reason,
        },
    )
    return adjustment


@record_refusals()
def order_resolution(
    *,
    actor: Actor,
    dispute: str,
    outcome: str,
    reason: str,
    amount_minor: int | None = None,
    expels: str = "",
) -> Dispute:
    """Resolve a dispute, as its mediator or as the second person to it. ``refund`` returns what is on hold, ``dismissed`` pays it to
    the seller.

    Raises SecondPersonNeeded if as much is at stake, and as
    ``contracts.services.resolve_dispute``.
    """
    actor.require(Permission.DISPUTES_WRITE)
    agreement, subject = check_resolution(
        actor=actor, dispute=dispute, outcome=outcome, reason=reason, amount_minor=amount_minor, expels=expels
    )
    approval = None
    if outcome != DisputeOutcome.REDELIVERY:
        approval = require_second_person(
            actor=actor,
            command="clearing.resolution",
            subject=dispute,
            payee=agreement.buyer_identifier if outcome in TO_BUYER else agreement.seller_identifier,
            amount_minor=max(_at_stake(agreement, subject, outcome), amount_minor or 0),
            currency=agreement.currency,
            payload={
                "outcome": outcome,
                "reason": reason.strip(),
                **({} if amount_minor is None else {"amount_minor": amount_minor}),
                **({"expels": expels} if expels else {}),
            },
        )
    return resolve_dispute(
        actor=actor,
        dispute=subject.public_id,
        outcome=outcome,
        reason=reason,
        amount_minor=amount_minor,
        expels=expels,
        first_person=approval.first_person if approval else "",
    )


def _at_stake(agreement: Agreement, dispute: Dispute, outcome: str) -> int:
    """What the outcome moves at most, with tax, in minor units: what is on hold, and what was accepted where a refund returns that too; the
    price, before the trade is known."""
    states = [TradeState.DISPUTED]
    if dispute.accepted_at is not None and outcome == DisputeOutcome.REFUND:
        states.append(TradeState.ACCEPTED)
    trades = Trade.objects.filter(agreement=agreement.public_id, state__in=states)
    total: int | None = trades.aggregate(total=Sum("gross_minor"))["total"]
    return total or agreement.price_minor
