"""Complaints of the buyer over a delivery, before it is decided; a hash that does not match is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.db import transaction

from contracts import services as contracts
from contracts.states import DisputeReason
from delivery.errors import InspectionOver, InspectionPeriodEnded, NotAcceptedBefore, UnderDispute
from delivery.models import Inspection, Voucher
from delivery.states import INSPECTION, InspectionState
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from .halts import is_inspection_over
from .locking import Delivery, lock_delivery, require_buyer

MISMATCH = (
    "{file}: 受領報告のハッシュが送信内容と一致しません（記録 {voucher}）。"
    " / The hash that the buyer reported is not that of what was sent (voucher {voucher})."
)


class OpenedDispute(Protocol):
    """The dispute that contracts opened."""

    public_id: str


def is_undecided(inspection: Inspection) -> bool:
    """Whether receipts and acceptance are still possible."""
    return inspection.state in (InspectionState.AWAITING, InspectionState.RUNNING)


def require_undecided(delivery: Delivery) -> None:
    """Raise UnderDispute or InspectionOver unless receipts and acceptance are still possible."""
    state, identifier = delivery.inspection.state, delivery.entitlement.public_id
    if state == InspectionState.DISPUTED:
        raise UnderDispute(entitlement=identifier, dispute=delivery.inspection.dispute)
    if not is_undecided(delivery.inspection):
        raise InspectionOver(entitlement=identifier, state_now=state)


@transaction.atomic
def dispute_delivery(
    *,
    actor: Actor,
    entitlement: str,
    reason_code: str,
    text: str,
    claims: Sequence[Mapping[str, Any]] = (),
    after_acceptance: bool = False,
) -> OpenedDispute:
    """Open a dispute, as the buyer: access and the inspection period are suspended, and the money stays on hold.

    Possible until the delivery is accepted or its inspection period has ended. ``after_acceptance``: of what was accepted, within the
    days of the plan; access goes on, and only money that was not released stays on hold. Raises NotTheBuyer, Missing,
    UnderDispute, InspectionOver, InspectionPeriodEnded, NotAcceptedBefore, and errors of contracts.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    delivery = lock_delivery(entitlement=entitlement, actor=actor)
    require_buyer(actor, delivery.entitlement)
    if after_acceptance:
        return _dispute_accepted(actor, delivery, reason_code=reason_code, text=text, claims=claims)
    require_undecided(delivery)
    inspection = delivery.inspection
    if inspection.inspect_by is not None and is_inspection_over(delivery):
        raise InspectionPeriodEnded(entitlement=entitlement, inspect_by=inspection.inspect_by.isoformat())
    opened: OpenedDispute = contracts.open_dispute(
        actor=actor,
        agreement=delivery.entitlement.agreement,
        reason_code=reason_code,
        text=text,
        claims=claims,
    )
    _hold(actor, delivery, opened, reason_code)
    return opened


def _dispute_accepted(actor: Actor, delivery: Delivery, **stated: Any) -> OpenedDispute:
    """Open a dispute over a delivery that was accepted; it stays accepted, and access goes on. The caller holds the lock."""
    accepted_at = delivery.inspection.accepted_at
    if accepted_at is None:
        raise NotAcceptedBefore(entitlement=delivery.entitlement.public_id)
    opened: OpenedDispute = contracts.open_dispute(
        actor=actor, agreement=delivery.entitlement.agreement, accepted_at=accepted_at, **stated
    )
    return opened


def dispute_mismatch(actor: Actor, delivery: Delivery, voucher: Voucher) -> None:
    """Open a dispute over a reported hash that is not that of what was sent; the voucher is its evidence. The caller holds the lock.

    Not once the inspection period is over: then the voucher stands alone.
    """
    if delivery.inspection.inspect_by is not None and is_inspection_over(delivery):
        return
    covered = voucher.distribution
    text = MISMATCH.format(file=covered.file_name, voucher=voucher.public_id)
    opened: OpenedDispute = contracts.dispute_mismatch(
        actor=actor, agreement=delivery.entitlement.agreement, text=text
    )
    _hold(actor, delivery, opened, DisputeReason.DAMAGED)


def _hold(actor: Actor, delivery: Delivery, opened: OpenedDispute, reason_code: str) -> None:
    """Hold the delivery while the dispute is open, with evidence."""
    inspection = delivery.inspection
    advance(
        inspection,
        INSPECTION,
        command="dispute",
        role="buyer",
        dispute=opened.public_id,
        disputed_at=clock.now(),
    )
    record(
        kind="delivery.disputed",
        subject=delivery.entitlement.public_id,
        actor=actor,
        payload={
            "agreement": delivery.entitlement.agreement,
            "dispute": opened.public_id,
            "round": inspection.round,
            "reason_code": reason_code,
        },
    )
