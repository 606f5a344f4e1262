"""The sweeps: accept lapsed inspections, end access at the end of its term or if never used, give up downloads.

Each row is handled in its own transaction under the entitlement's lock; a locked row is left to the next sweep, and a
row that fails stands aside and does not stop the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from delivery import queries
from delivery.collection import collection_deadline
from delivery.models import DownloadWatch
from delivery.states import AbortReason, AcceptedBy, EndedReason, InspectionState
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop

from .access import end_access
from .deemed import deem_part_sent
from .downloads import abort_download
from .halts import give_back, inspections_to_count, is_inspection_over, not_halted
from .inspections import record_acceptance
from .locking import lock_delivery_where
from .outages import restore_outages

SWEEP_BATCH = 500
WATCH_PAUSE_MAX = timedelta(seconds=queries.PROGRESS_LOST_SECONDS / 2)
"""A longer pause between two looks for silent downloads may have been an outage; beat asks for them every 10 seconds."""


def lapse_inspections(limit: int = SWEEP_BATCH) -> int:
    """Accept matched deliveries at the end of their inspection period; returns their number."""
    due = not_halted(queries.lapsed_inspections(clock.now()))
    return _each(_lapse, due, "entitlement_id", "entitlement__public_id", limit)


@transaction.atomic
def _lapse(entitlement_id: int) -> bool:
    delivery = lock_delivery_where(Q(pk=entitlement_id), skip_locked=True)
    if delivery is None:
        return False
    if delivery.inspection.state != InspectionState.RUNNING or not is_inspection_over(delivery):
        return False
    record_acceptance(actor=SYSTEM, delivery=delivery, command="lapse", by=AcceptedBy.LAPSE)
    return True


def give_back_halts(limit: int = SWEEP_BATCH) -> int:
    """Give back to running inspections what lifted halts of trading took; returns how many were looked at."""
    return _each(
        give_back, not_halted(inspections_to_count()), "entitlement_id", "entitlement__public_id", limit
    )


def expire_access(limit: int = SWEEP_BATCH) -> int:
    """Complete entitlements whose term has ended; returns their number. Access was refused since that instant.

    Where nothing was ever downloaded, the price is returned, as after ``collection_days``; of a price by periods, what was sent in part
    is inspected from now on.
    """
    due = queries.expired_entitlements(clock.now())
    return _each(_expire, due, "id", "public_id", limit)


@transaction.atomic
def _expire(entitlement_id: int) -> bool:
    delivery = lock_delivery_where(Q(pk=entitlement_id), skip_locked=True)
    if delivery is None:
        return False
    restore_outages(delivery)
    if not queries.expired_entitlements(clock.now()).filter(pk=entitlement_id).exists():
        return False
    uncollected = queries.was_never_collected(entitlement_id)
    reason = EndedReason.NOT_COLLECTED if uncollected else EndedReason.EXPIRED
    if not uncollected:
        deem_part_sent(delivery)
    return end_access(actor=SYSTEM, delivery=delivery, reason_code=reason)


def end_uncollected(limit: int = SWEEP_BATCH) -> int:
    """End access that was never used within ``collection_days``; returns their number. The price is then returned."""
    due = queries.uncollected_entitlements(collection_deadline(clock.now()))
    return _each(_end_uncollected, due, "id", "public_id", limit)


@transaction.atomic
def _end_uncollected(entitlement_id: int) -> bool:
    delivery = lock_delivery_where(Q(pk=entitlement_id), skip_locked=True)
    if delivery is None:
        return False
    restore_outages(delivery)
    # A download may have begun before the lock was had.
    if (
        not queries.uncollected_entitlements(collection_deadline(clock.now()))
        .filter(pk=entitlement_id)
        .exists()
    ):
        return False
    return end_access(actor=SYSTEM, delivery=delivery, reason_code=EndedReason.NOT_COLLECTED)


def abandon_downloads(limit: int = SWEEP_BATCH) -> int:
    """Abort downloads of whose progress nothing was heard for ``PROGRESS_LOST_SECONDS``; returns their number.

    A reader that still reads is safe, however slow: its process records progress all the time. After a pause of this
    sweep, in which the database may have been away, processes get as long anew to be heard of.
    """
    if not _has_watched_long_enough():
        return 0
    return _each(_abandon, queries.abandoned_downloads(), "id", "public_id", limit)


@transaction.atomic
def _has_watched_long_enough() -> bool:
    now = clock.real_now()
    watch, _ = DownloadWatch.objects.select_for_update().get_or_create(pk=1, defaults={"looked_at": now})
    if now - watch.looked_at > WATCH_PAUSE_MAX:
        watch.resumed_at = now
    watch.looked_at = now
    watch.save(update_fields=["looked_at", "resumed_at"])
    lost_after = timedelta(seconds=queries.PROGRESS_LOST_SECONDS)
    return watch.resumed_at is None or now - watch.resumed_at > lost_after


def _abandon(download_id: int) -> bool:
    row = queries.abandoned_downloads().filter(pk=download_id).first()
    if row is None:
        return False
    abort_download(row, reason=AbortReason.ABANDONED)
    return True


def _each(work: Callable[[int], bool], due: QuerySet[Any], column: str, name: str, limit: int) -> int:
    """Do ``work`` on the keys in ``column`` of what is due, at most ``limit``; what stands aside takes no place.

    ``name`` is the column of the public identifiers.
    """
    loop = Loop(f"delivery.{work.__name__.removeprefix('_')}")
    rows = due.exclude(**{f"{name}__in": loop.standing_aside()}).values_list(column, name)[:limit]
    return loop.each(rows, lambda row: work(row[0]), subject=lambda row: str(row[1]))
