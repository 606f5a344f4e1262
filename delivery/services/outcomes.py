"""Carries out how disputes ended, under the entitlement's lock, so that exactly one of it and an acceptance takes effect."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Q

from contracts import services as contracts
from contracts.disputing.states import RemedyKind
from delivery.models import Entitlement, Inspection
from delivery.states import (
    INSPECTION,
    AcceptedBy,
    EndedReason,
    InspectionState,
    LossCause,
)
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.states import advance

from .access import emit_granted, end_access
from .early_ends import withdraw_agreement
from .inspections import record_acceptance
from .locking import Delivery, lock_delivery_where
from .restitutions import give_back_access
from .suspensions import stop_access

OUTCOMES: Final = (
    "dismissed", "withdrawn", "reduction", "payment", "redelivery", "refund", "termination", "stop_of_use",
)  # fmt: skip


@transaction.atomic
def apply_dispute_outcome(
    *, actor: Actor, dispute: str, outcome: str, agreement: str = "", after_acceptance: bool = False
) -> None:
    """Apply the outcome of a dispute; does nothing if the delivery has already moved on, or the dispute did not hold it.

    ``dismissed``, ``withdrawn``, ``reduction``: the delivery counts as accepted. ``redelivery``: access opens for another round, which
    needs new matching receipts. ``refund``, ``termination``: the delivery is cancelled and access ends. ``stop_of_use``: access under the
    agreement is stopped until two people of the operator resume it. ``after_acceptance``: a refund ends access all the same. Raises
    ValueError for any other outcome.
    """
    actor.require_system()
    if outcome not in OUTCOMES:
        raise ValueError(f"a dispute cannot end as {outcome}")
    if outcome == "stop_of_use":
        stop_for_dispute(actor=actor, agreement=agreement, dispute=dispute)
        return
    if after_acceptance and outcome == "refund":
        withdraw_agreement(
            actor=actor, agreement=agreement, returns_price=True, reason_code=EndedReason.REFUNDED
        )
        return
    disputed = Inspection.objects.filter(dispute=dispute).first()
    delivery = lock_delivery_where(Q(pk=disputed.entitlement_id)) if disputed else None
    if delivery is None:
        return
    inspection = delivery.inspection
    if inspection.dispute != dispute or inspection.state != InspectionState.DISPUTED:
        return
    if outcome in ("refund", "termination"):
        end_access(actor=actor, delivery=delivery, reason_code=EndedReason.REFUNDED)
    elif outcome == "redelivery":
        _deliver_again(actor, delivery)
    else:
        record_acceptance(actor=actor, delivery=delivery, command="dismiss", by=AcceptedBy.DISMISSAL)


def _deliver_again(actor: Actor, delivery: Delivery) -> None:
    """Close the disputed round and open the next: access is open again, for as much longer as the dispute took of it.

    Receipts of the old round do not count.
    """
    closed = delivery.inspection
    if closed.disputed_at is not None and delivery.entitlement.ended_at is None:
        give_back_access(
            delivery,
            actor=actor,
            cause=LossCause.DISPUTE,
            reference=closed.dispute or "",
            since=closed.disputed_at,
            until=clock.now(),
        )
    advance(closed, INSPECTION, command="redeliver", role="system")
    following = Inspection.objects.create(
        entitlement=delivery.entitlement, round=closed.round + 1, opened_at=clock.now()
    )
    record(
        kind="delivery.repeated",
        subject=delivery.entitlement.public_id,
        actor=actor,
        payload={
            "agreement": delivery.entitlement.agreement,
            "dispute": closed.dispute,
            "round": following.round,
        },
    )
    emit_granted(Delivery(delivery.entitlement, following))
    contracts.remedy_done(dispute=closed.dispute or "", kind=RemedyKind.DELIVERED_AGAIN)


def stop_for_dispute(*, actor: Actor, agreement: str, dispute: str) -> None:
    """Stop access under an agreement because a dispute ended so. Access that has not begun is stopped when it begins (``grant_access``)."""
    for key in Entitlement.objects.filter(agreement=agreement).order_by("pk").values_list("pk", flat=True):
        delivery = lock_delivery_where(Q(pk=key))
        if delivery is not None:
            stop_access(delivery, actor=actor, dispute=dispute)
    contracts.remedy_done(dispute=dispute, kind=RemedyKind.USE_STOPPED)
