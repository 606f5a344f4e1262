"""Access ends with its agreement: it closes when the ending says that stands, and what was received as a whole is inspected on."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from contracts.ending.queries import closes_at
from delivery.models import Entitlement
from delivery.states import INSPECTION, EndedReason, InspectionState, LossCause
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.states import advance

from .access import CANCELLED, end_access
from .deemed import deem_part_sent, deem_what_was_sent
from .locking import Delivery, lock_delivery_where
from .outages import restore_outages
from .restitutions import give_back_access


@transaction.atomic
def follow_ending(*, actor: Actor, agreement: str) -> int:
    """Close access under every trade of an agreement with the ending that stands now, or no more before its term where none does.

    Returns how many entitlements follow.
    """
    actor.require_system()
    rows = Entitlement.objects.select_for_update().filter(agreement=agreement, ended_at=None)
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    return Entitlement.objects.filter(pk__in=keys).update(closes_at=closes_at(agreement))


@transaction.atomic
def withdraw_agreement(
    *,
    actor: Actor,
    agreement: str,
    returns_price: bool = False,
    reason_code: EndedReason = EndedReason.TERMINATED,
) -> int:
    """End access under every trade of an agreement that was terminated; returns the number of entitlements ended.

    ``returns_price``: for the seller's breach or a refund, so nothing is inspected on. Otherwise, what the market has sent as a whole is received,
    reported or not, and its inspection goes on, later by a stated outage and by a suspension that lasted to the end; of a price by
    periods so is what was sent in part. The rest is cancelled.
    """
    actor.require_system()
    ended = 0
    for key in Entitlement.objects.filter(agreement=agreement).order_by("pk").values_list("pk", flat=True):
        delivery = lock_delivery_where(Q(pk=key))
        if delivery is not None:
            if not returns_price:
                restore_outages(delivery)
                deem_what_was_sent(delivery)
                deem_part_sent(delivery)
                _give_back_inspection(actor, delivery)
            elif delivery.inspection.state in CANCELLED[EndedReason.REFUNDED]:
                advance(delivery.inspection, INSPECTION, command="undo", role="system")
            ended += end_access(actor=actor, delivery=delivery, reason_code=reason_code)
    return ended


def _give_back_inspection(actor: Actor, delivery: Delivery) -> None:
    """The period of inspection stood still during a suspension: nothing resumes what ends now."""
    suspended_at = None if delivery.entitlement.stopped_by else delivery.entitlement.suspended_at
    if suspended_at is not None and delivery.inspection.state == InspectionState.RUNNING:
        give_back_access(
            delivery,
            actor=actor,
            cause=LossCause.SUSPENSION,
            reference=delivery.entitlement.public_id,
            since=suspended_at,
            until=clock.now(),
        )
