"""Counts what was sent of metered data as use."""

from __future__ import annotations

from django.db.models import Sum

from contracts.plan.queries import metered_price_of
from delivery.models import Download
from delivery.states import AbortReason, DownloadState
from marketplace.events.schemas.delivery import UsageRecorded
from marketplace.events.services import emit

from .locking import Delivery


def meter_use(delivery: Delivery, row: Download) -> None:
    """Emit ``usage.recorded`` for a download that has ended, where the agreement is charged by use.

    A file is used once for each time that as many bytes were sent as it has, in parts or at once, so that a download that was broken
    off and taken up again is one use. Of data that is delivered again after a dispute, the first time is free; bytes of a damaged
    file are none of it. It is a use of the moment at which its sending began, when access was judged. The caller holds the delivery's lock, and has saved the download.
    """
    if not row.sent_bytes or row.abort_reason == AbortReason.DAMAGED:
        return
    price = metered_price_of(delivery.entitlement.agreement)
    if price is None:
        return
    ended = Download.objects.exclude(pk=row.pk).exclude(state=DownloadState.SENDING)
    ended = ended.exclude(abort_reason=AbortReason.DAMAGED)
    before = (
        ended.filter(inspection_id=row.inspection_id, distribution_id=row.distribution_id).aggregate(
            sent=Sum("sent_bytes")
        )["sent"]
        or 0
    )
    free = 1 if row.inspection.round > 1 else 0
    uses = _uses(before + row.sent_bytes, row, free) - _uses(before, row, free)
    if uses:
        emit(
            UsageRecorded(
                agreement=delivery.entitlement.agreement,
                usage=row.public_id,
                quantity=uses,
                amount_minor=uses * price.unit_price_minor,
                currency=price.currency,
                used_at=row.started_at.isoformat(),
            )
        )


def _uses(sent_bytes: int, row: Download, free: int) -> int:
    return max(sent_bytes // row.distribution.size_bytes - free, 0)
