"""Receipt that is deemed: the market has sent every byte of every file, and the buyer reports nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from contracts.amending.access_terms import last_signed
from contracts.plan import DEEMED_MINUTES
from delivery.models import Download, EntitledDistribution, Entitlement, Inspection
from delivery.queries import RUNS
from delivery.states import AbortReason, EntitlementState, InspectionState
from listings.states import PERIODIC
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop

from .inspections import begin_inspection
from .locking import Delivery, lock_delivery_where

DEEM_BATCH = 500
REPORT_WITHIN: Final = timedelta(minutes=DEEMED_MINUTES)
"""So long the buyer's own report is waited for; the period of inspection runs from the end of the sending in any case."""
DEEM = Loop("delivery.deem_receipts")


def deem_receipts(limit: int = DEEM_BATCH) -> int:
    """Begin the inspection of deliveries whose files the market has sent as a whole; returns their number.

    What a seller reports of a gateway of its own never counts. While the operator suspends access, nothing is deemed.
    """
    due = (
        _due()
        .exclude(entitlement__public_id__in=DEEM.standing_aside())
        .order_by("pk")
        .values_list("entitlement_id", "entitlement__public_id")[:limit]
    )
    return DEEM.each(due, lambda row: _deem(row[0]), subject=lambda row: str(row[1]))


def _due() -> QuerySet[Inspection]:
    open_or_over = Entitlement.objects.filter(RUNS | Q(state=EntitlementState.COMPLETED))
    return _sent_in_full(clock.now() - REPORT_WITHIN).filter(entitlement__in=open_or_over)


def _sent_in_full(by: datetime) -> QuerySet[Inspection]:
    """Inspections that wait for receipts although every file was sent as a whole by then."""
    whole = Download.objects.filter(
        inspection=OuterRef(OuterRef("pk")),
        distribution=OuterRef("pk"),
        sent_sha256__isnull=False,
        ended_at__lte=by,
    )
    unsent = EntitledDistribution.objects.filter(~Exists(whole), entitlement=OuterRef("entitlement_id"))
    return Inspection.objects.filter(~Exists(unsent), state=InspectionState.AWAITING)


@transaction.atomic
def _deem(entitlement_id: int) -> bool:
    delivery = lock_delivery_where(Q(pk=entitlement_id), skip_locked=True)
    if delivery is None or not _due().filter(pk=delivery.inspection.pk).exists():
        return False
    _begin(delivery)
    return True


def deem_what_was_sent(delivery: Delivery) -> None:
    """Begin the inspection of a delivery whose files were all sent as a whole, unreported: access ends, and nothing more is waited for.

    The caller holds the lock.
    """
    if _sent_in_full(clock.now()).filter(pk=delivery.inspection.pk).exists():
        _begin(delivery)


def deem_part_sent(delivery: Delivery) -> None:
    """Begin the inspection of what was sent in part, of a price by periods: access ends, and the periods that were had are paid unless
    the buyer complains.

    Something was sent, a part of a file too: otherwise all bytes but one would be had for nothing. The caller holds the lock.
    """
    inspection = delivery.inspection
    if inspection.state != InspectionState.AWAITING:
        return
    sent = Download.objects.filter(
        ~Q(abort_reason=AbortReason.DAMAGED), inspection=inspection, sent_bytes__gt=0
    )
    if sent.exists() and last_signed(delivery.entitlement.agreement).plan.money.charging in PERIODIC:
        begin_inspection(SYSTEM, delivery, command="deem", received_at=clock.now())


def _begin(delivery: Delivery) -> None:
    sent = Download.objects.filter(inspection=delivery.inspection, sent_sha256__isnull=False)
    first_whole = sent.values("distribution").annotate(at=Min("ended_at"))
    received_at = max(row["at"] for row in first_whole)
    begin_inspection(SYSTEM, delivery, command="deem", received_at=received_at)
