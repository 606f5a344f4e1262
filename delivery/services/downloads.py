"""Send files: in bounded memory, hashed while sending, and recorded as finished only after the last byte."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Generator, Iterator
from time import monotonic
from typing import BinaryIO

from django.db import DatabaseError, transaction
from django.db.models import Q

from delivery.errors import ContentDamaged, InspectionOver
from delivery.models import Download, EntitledDistribution
from delivery.states import DOWNLOAD, AbortReason
from listings import queries as listings
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import DomainError, StaleState
from marketplace.kernel.states import advance

from .locking import Delivery, lock_delivery, lock_delivery_where, read_delivery, require_buyer

logger = logging.getLogger(__name__)

CHUNK_BYTES = 256 * 1024
ACCESS_CHECK_SECONDS = 5.0


class Transmission(Iterator[bytes]):
    """One file being sent to the buyer: an iterator of chunks that records its end.

    The last chunk is sent only after the whole content is verified as the content that was sold and access is still
    open. The download is recorded as finished after the receiver took the last chunk, before the iterator ends. The
    caller must let the receiver see the end of the content only when the iterator ends, and must always call ``close``:
    a download that was not iterated to its end is recorded as aborted. May raise ContentDamaged or an access error
    while sending; the caller must then close the connection.
    """

    def __init__(self, download: Download, covered: EntitledDistribution, source: BinaryIO) -> None:
        """``source`` is read to its end and closed."""
        self.download = download
        self.distribution = covered.distribution
        self.file_name = covered.file_name
        self.media_type = covered.media_type
        self.size_bytes = covered.size_bytes
        self.sha256 = covered.sha256
        self.sha512 = covered.sha512
        self._source = source
        self._sent_bytes = 0
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._chunks = self._send()
        self._over = False

    def __next__(self) -> bytes:
        """The next chunk of the file."""
        return next(self._chunks)

    def close(self) -> None:
        """Close the file; an unfinished download is recorded as aborted."""
        self._chunks.close()
        self._source.close()
        self._abort(AbortReason.BROKEN_OFF)

    def _send(self) -> Generator[bytes]:
        try:
            yield from self._verified_chunks()
            self._finish()
        except ContentDamaged:
            self._abort(AbortReason.DAMAGED)
            raise
        except DomainError:
            self._abort(AbortReason.ACCESS_ENDED)
            raise
        finally:
            self._source.close()

    def _verified_chunks(self) -> Iterator[bytes]:
        checked_at = monotonic()
        pending = self._read()
        while pending:
            following = self._read()
            if not following:
                self._require_as_sold()
            if not following or monotonic() - checked_at >= ACCESS_CHECK_SECONDS:
                _require_open(read_delivery(self.download.entitlement_id), self.download)
                checked_at = monotonic()
            yield pending
            self._sent_bytes += len(pending)
            pending = following

    def _read(self) -> bytes:
        """Read and hash the next chunk of the source; raises ContentDamaged if it cannot be read."""
        try:
            chunk = self._source.read(CHUNK_BYTES)
        except (OSError, DomainError) as error:
            raise ContentDamaged(distribution=self.distribution) from error
        self._sha256.update(chunk)
        self._sha512.update(chunk)
        return chunk

    def _require_as_sold(self) -> None:
        if (self._sha256.hexdigest(), self._sha512.hexdigest()) != (self.sha256, self.sha512):
            raise ContentDamaged(distribution=self.distribution)

    def _finish(self) -> None:
        self._require_as_sold()
        finish_download(
            self.download,
            sent_bytes=self._sent_bytes,
            sent_sha256=self._sha256.hexdigest(),
            sent_sha512=self._sha512.hexdigest(),
        )
        self._over = True

    def _abort(self, reason: AbortReason) -> None:
        """Record the end once; while the database is unavailable, the sweep does it later."""
        if self._over:
            return
        self._over = True
        try:
            abort_download(self.download, reason=reason, sent_bytes=self._sent_bytes)
        except DatabaseError as error:
            logger.warning("the end of download %s was not recorded: %s", self.download.public_id, error)


def download(*, actor: Actor, entitlement: str, distribution: str) -> Transmission:
    """Begin to send one file of the entitlement to the buyer; the caller iterates the result and closes it.

    Do not call it inside a transaction that lasts longer than the sending: the end is recorded in its own transaction.
    Raises NotTheBuyer, Missing, and AccessNotStarted, AccessSuspended, AccessPaused, AccessExpired or AccessEnded.
    """
    row, covered = _begin_download(actor=actor, entitlement=entitlement, distribution=distribution)
    try:
        source = listings.open_distribution(distribution)
    except (OSError, DomainError):
        abort_download(row, reason=AbortReason.DAMAGED)
        raise
    return Transmission(row, covered, source)


@transaction.atomic
def _begin_download(
    *, actor: Actor, entitlement: str, distribution: str
) -> tuple[Download, EntitledDistribution]:
    delivery = lock_delivery(entitlement=entitlement, actor=actor)
    require_buyer(actor, delivery.entitlement)
    covered = delivery.distribution(distribution)
    refused = delivery.refusal()
    if refused is not None:
        raise refused
    row = Download.objects.create(
        entitlement=delivery.entitlement,
        inspection=delivery.inspection,
        distribution=covered,
        requested_by=actor.identifier,
        started_at=clock.now(),
    )
    return row, covered


def _require_open(delivery: Delivery, row: Download) -> None:
    """Raise unless access is still open, in the round in which the download began."""
    refused = delivery.refusal()
    if refused is not None:
        raise refused
    if delivery.inspection.pk != row.inspection_id:
        raise InspectionOver(entitlement=delivery.entitlement.public_id, state_now="repeated")


@transaction.atomic
def finish_download(row: Download, *, sent_bytes: int, sent_sha256: str, sent_sha512: str) -> None:
    """Record a finished download after its last byte. Raises an access error, or StaleState if it was given up."""
    delivery = lock_delivery_where(Q(pk=row.entitlement_id))
    if delivery is None:
        raise LookupError(row.public_id)
    _require_open(delivery, row)
    advance(
        row,
        DOWNLOAD,
        command="finish",
        role="system",
        ended_at=clock.now(),
        sent_bytes=sent_bytes,
        sent_sha256=sent_sha256,
        sent_sha512=sent_sha512,
    )
    record(
        kind="delivery.sent",
        subject=delivery.entitlement.public_id,
        actor=SYSTEM,
        payload={
            "download": row.public_id,
            "requested_by": row.requested_by,
            "distribution": row.distribution.distribution,
            "bytes": sent_bytes,
            "sha256": sent_sha256,
            "sha512": sent_sha512,
        },
    )


@transaction.atomic
def abort_download(row: Download, *, reason: AbortReason, sent_bytes: int | None = None) -> None:
    """Record that a download was aborted; does nothing if it has already ended.

    ``sent_bytes``: the number of bytes that the receiver took, if known.
    """
    try:
        advance(
            row,
            DOWNLOAD,
            command="abort",
            role="system",
            ended_at=clock.now(),
            abort_reason=reason,
            sent_bytes=sent_bytes,
        )
    except StaleState:
        return
    if reason == AbortReason.DAMAGED:
        logger.error("download %s: the stored file differs from the one that was sold", row.public_id)
        record(
            kind="delivery.damaged",
            subject=row.entitlement.public_id,
            actor=SYSTEM,
            payload={"download": row.public_id, "distribution": row.distribution.distribution},
        )
