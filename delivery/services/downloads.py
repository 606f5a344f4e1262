"""Begin and end downloads: who may fetch what, how many at once, and when a file was sent as a whole."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from delivery import queries
from delivery.errors import TooManyDownloads, TooScattered, UseNotPermitted
from delivery.locks import DOWNLOAD_LOCK
from delivery.models import Download, EntitledDistribution
from delivery.ranges import ByteRange
from delivery.states import DOWNLOAD, AbortReason, ClosedAccess, DownloadState
from listings import queries as listings
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import DomainError
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from .inspections import compare_waiting_receipt
from .locking import Delivery, lock_delivery, lock_delivery_where, read_visible_delivery, require_buyer
from .metering import meter_use
from .refusals import count_refusal
from .transmissions import Transmission
from .uses import UNSTATED, Statement, require_permitted

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 15
SENT_PARTS_MAX = 10_000
"""Separate parts of a file in a round, so that adding one takes no longer than a few milliseconds."""


def authorise_download(
    *, actor: Actor, entitlement: str, distribution: str, statement: Statement = UNSTATED
) -> EntitledDistribution:
    """The file, if the actor may fetch some of it now for what it states. It counts what access or rights refuse, so do not call it in
    a transaction.

    Raises PermissionNeeded, NotTheBuyer, Missing, UseNotPermitted, and AccessNotStarted, AccessSuspended, AccessPaused, AccessExpired
    or AccessEnded.
    """
    actor.require(Permission.DELIVERIES_READ)
    delivery = read_visible_delivery(entitlement=entitlement, actor=actor)
    try:
        covered = _authorised(delivery, actor=actor, distribution=distribution)
        require_permitted(covered, delivery.entitlement, actor=actor, statement=statement)
        return covered
    except DomainError as refused:
        if refused.code in ClosedAccess.values:
            count_refusal(delivery.entitlement, refused.code)
        raise


def download(
    *,
    actor: Actor,
    entitlement: str,
    distribution: str,
    part: ByteRange | None = None,
    statement: Statement = UNSTATED,
) -> Transmission:
    """Begin to send a file of the entitlement to the buyer, or a ``part``, for what it states; the caller iterates and closes the result.

    Do not call it inside a transaction that lasts longer than the sending: the end is recorded in its own transaction.
    Raises what ``authorise_download`` raises, TooManyDownloads, TooScattered, and StoredFileDamaged.
    """
    try:
        row = _begin_download(
            actor=actor, entitlement=entitlement, distribution=distribution, part=part, statement=statement
        )
    except UseNotPermitted as refused:
        count_refusal(read_visible_delivery(entitlement=entitlement, actor=actor).entitlement, refused.code)
        raise
    try:
        source = listings.open_distribution(distribution)
    except (OSError, DomainError):
        abort_download(row, reason=AbortReason.DAMAGED)
        raise
    return Transmission(row, source, finish=finish_download, abort=abort_download)


@transaction.atomic
def _begin_download(
    *, actor: Actor, entitlement: str, distribution: str, part: ByteRange | None, statement: Statement
) -> Download:
    actor.require(Permission.DELIVERIES_READ)
    delivery = lock_delivery(entitlement=entitlement, actor=actor)
    covered = _authorised(delivery, actor=actor, distribution=distribution)
    wanted = part or ByteRange(0, covered.size_bytes)
    if part is not None:
        _require_joined(delivery, covered, part)
    number = require_permitted(
        covered, delivery.entitlement, actor=actor, statement=statement, length_bytes=wanted.length
    )
    _require_room(delivery.entitlement.buyer_id)
    return Download.objects.create(
        entitlement=delivery.entitlement,
        inspection=delivery.inspection,
        distribution=covered,
        requested_by=actor.identifier,
        purpose=statement.purpose,
        region=statement.region,
        use_number=number,
        first_byte=wanted.first,
        length_bytes=wanted.length,
        started_at=clock.now(),
    )


def _authorised(delivery: Delivery, *, actor: Actor, distribution: str) -> EntitledDistribution:
    require_buyer(actor, delivery.entitlement)
    covered = delivery.distribution(distribution)
    refused = delivery.refusal()
    if refused is not None:
        raise refused
    return covered


def _require_joined(delivery: Delivery, covered: EntitledDistribution, part: ByteRange) -> None:
    """Raise TooScattered if very many separate parts were sent and this would be another."""
    parts, is_joined = queries.sent_parts(
        inspection_id=delivery.inspection.pk, distribution_id=covered.pk, first_byte=part.first
    )
    if parts >= SENT_PARTS_MAX and not is_joined:
        raise TooScattered(distribution=covered.distribution, parts=parts)


def _require_room(buyer_id: int) -> None:
    """Raise TooManyDownloads unless one more may begin."""
    DOWNLOAD_LOCK.acquire()
    own, all_running = queries.running_downloads(buyer_id)
    for running, running_max in (
        (own, settings.DOWNLOADS_PER_BUYER_MAX),
        (all_running, settings.DOWNLOADS_MAX),
    ):
        if running >= running_max:
            raise TooManyDownloads(
                running=running, running_max=running_max, retry_after_seconds=RETRY_AFTER_SECONDS
            )


@transaction.atomic
def finish_download(row: Download) -> None:
    """Record that a download was sent to its end, after its last byte was taken.

    If the file was thereby sent as a whole, a receipt that waits is compared. Raises an access error, or StaleState if
    the download was given up.
    """
    delivery = _lock(row)
    delivery.require_open(row.inspection_id)
    hashes = _hashes_if_whole(row, row.length_bytes)
    advance(
        row,
        DOWNLOAD,
        command="finish",
        role="system",
        ended_at=clock.now(),
        sent_bytes=row.length_bytes,
        **hashes,
    )
    record(
        kind="delivery.sent",
        subject=delivery.entitlement.public_id,
        actor=SYSTEM,
        payload={
            "download": row.public_id,
            "requested_by": row.requested_by,
            "purpose": row.purpose,
            "region": row.region,
            "distribution": row.distribution.distribution,
            "first_byte": row.first_byte,
            "bytes": row.length_bytes,
            "sha256": hashes.get("sent_sha256"),
            "sha512": hashes.get("sent_sha512"),
        },
    )
    meter_use(delivery, row)
    if hashes:
        compare_waiting_receipt(delivery, row)


@transaction.atomic
def abort_download(row: Download, *, reason: AbortReason, sent_bytes: int = 0) -> None:
    """Record that a download was aborted; does nothing if it has already ended.

    ``sent_bytes``: what the receiver took of it. It counts like what a finished download sent, unless the stored file
    was damaged.
    """
    delivery = _lock(row)
    row.refresh_from_db()
    if row.state != DownloadState.SENDING:
        return
    sent_bytes = max(sent_bytes, row.sent_bytes)
    hashes = {} if reason == AbortReason.DAMAGED else _hashes_if_whole(row, sent_bytes)
    advance(
        row,
        DOWNLOAD,
        command="abort",
        role="system",
        ended_at=clock.now(),
        abort_reason=reason,
        sent_bytes=sent_bytes,
        **hashes,
    )
    if reason != AbortReason.DAMAGED:
        meter_use(delivery, row)
    if hashes:
        compare_waiting_receipt(delivery, row)
    if reason == AbortReason.DAMAGED:
        logger.error("download %s: the stored file differs from the one that was sold", row.public_id)
        record(
            kind="delivery.damaged",
            subject=row.entitlement.public_id,
            actor=SYSTEM,
            payload={"download": row.public_id, "distribution": row.distribution.distribution},
        )


def _lock(row: Download) -> Delivery:
    """The delivery of a download, locked: what was sent of its files is decided on under this lock."""
    delivery = lock_delivery_where(Q(pk=row.entitlement_id))
    if delivery is None:
        raise LookupError(row.public_id)
    return delivery


def _hashes_if_whole(row: Download, sent_bytes: int) -> dict[str, Any]:
    """The hashes of the file, as columns, if with ``sent_bytes`` of this download all of it was sent; else nothing."""
    if not queries.is_whole_with(row, sent_bytes):
        return {}
    covered = row.distribution
    return {"sent_sha256": covered.sha256, "sent_sha512": covered.sha512}
