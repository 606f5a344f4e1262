"""Give back the time of inspection that halts of trading took, and tell both sides."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Q, QuerySet
from django.db.models.functions import Coalesce

from contracts.queries import agreements_of_segment, segments_of_agreements
from delivery.models import Inspection
from delivery.services.locking import Delivery, lock_delivery_where
from delivery.services.outages import restore_outages
from delivery.states import EntitlementState, InspectionState
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording
from marketplace.rules import queries as rules
from marketplace.rules.halt_time import halted_time, lifted_after
from marketplace.rules.states import HaltScope

EXTENDED = Wording(
    Label("The inspection period is longer", "検査期間が延長されました"),
    Label(
        "Trading was halted, so the inspection of {entitlement} ends at {inspect_by}.",
        "売買停止の期間を除き、{entitlement} の検査期間は {inspect_by} に終了します。",
    ),
)


def is_inspection_over(delivery: Delivery) -> bool:
    """Whether the inspection period has ended: it runs neither while trading is halted nor while the operator suspends access, and it
    does not end before as many days have passed since the use was stopped.

    What halts took is given back here, what a suspension took when access is resumed.

    The caller holds the delivery's lock.
    """
    inspect_by, entitlement = delivery.inspection.inspect_by, delivery.entitlement
    if inspect_by is None or inspect_by > clock.now():
        return False
    if entitlement.state == EntitlementState.SUSPENDED:
        told_at = entitlement.suspended_at if entitlement.stopped_by else None
        if told_at is None or told_at + timedelta(days=entitlement.inspection_days) > clock.now():
            return False
    restore_outages(delivery)
    is_halted = give_back_inspection(delivery)
    inspect_by = delivery.inspection.inspect_by
    return not is_halted and inspect_by is not None and inspect_by <= clock.now()


def give_back_inspection(delivery: Delivery) -> bool:
    """Move the end of a running inspection by what halts covered since it began; returns whether a halt covers it now."""
    inspection, entitlement = delivery.inspection, delivery.entitlement
    if (
        inspection.state != InspectionState.RUNNING
        or inspection.inspect_by is None
        or inspection.matched_at is None
    ):
        return False
    now = clock.now()
    segment = segments_of_agreements([entitlement.agreement])[entitlement.agreement]
    taken, is_halted = halted_time(
        listing=entitlement.listing,
        segment=segment,
        since=inspection.halts_counted_until or inspection.matched_at,
        until=now,
    )
    if is_halted:
        return True
    inspection.inspect_by += taken
    inspection.halts_counted_until = now
    inspection.save(update_fields=["inspect_by", "halts_counted_until"])
    if taken:
        _tell_extended(delivery, inspection.inspect_by)
    return False


def _tell_extended(delivery: Delivery, inspect_by: datetime) -> None:
    """Record that an inspection ends later, and tell both sides."""
    entitlement, inspection = delivery.entitlement, delivery.inspection
    record(
        kind="delivery.inspection_extended",
        subject=entitlement.public_id,
        actor=SYSTEM,
        payload={"round": inspection.round, "inspect_by": inspect_by.isoformat()},
    )
    until = inspect_by.astimezone(clock.market_zone()).strftime("%Y-%m-%d %H:%M")
    wording = EXTENDED.fill(entitlement=entitlement.public_id, inspect_by=until)
    notices.send_notices(
        subject=entitlement.public_id,
        wordings={entitlement.buyer_id: wording, entitlement.seller_id: wording},
    )
    notices.move_deadlines({entitlement.public_id: inspect_by})


def not_halted(inspections: QuerySet[Inspection]) -> QuerySet[Inspection]:
    """Those inspections that no halt covers now: the time of the others stands still, and they stop no sweep."""
    for scope, subject in rules.halts().filter(lifted_at=None).values_list("scope", "subject"):
        if scope == HaltScope.MARKET:
            return inspections.none()
        if scope == HaltScope.SEGMENT:
            inspections = inspections.exclude(entitlement__agreement__in=agreements_of_segment(subject))
        else:
            inspections = inspections.exclude(entitlement__listing=subject)
    return inspections


def inspections_to_count() -> QuerySet[Inspection]:
    """Running inspections in whose time a halt was lifted that was not counted yet, the oldest first."""
    running = Inspection.objects.filter(state=InspectionState.RUNNING)
    counted = running.annotate(counted=Coalesce("halts_counted_until", "matched_at"))
    return counted.filter(Exists(lifted_after("counted"))).order_by("id")


@transaction.atomic
def give_back(entitlement_id: int) -> bool:
    """Count the halts in the time of one inspection, and give back what they took; returns whether no halt covers it."""
    delivery = lock_delivery_where(Q(pk=entitlement_id), skip_locked=True)
    return delivery is not None and not give_back_inspection(delivery)
