"""Send the bytes of a download: in bounded memory, hashed while sending, with progress recorded at intervals."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO, Protocol

from django.db import DatabaseError, connection

from delivery.errors import ContentDamaged
from delivery.models import Download
from delivery.states import DOWNLOAD, AbortReason, DownloadState
from marketplace.kernel.errors import DomainError, StaleState
from marketplace.serving.sending import ReceiverGone, ReceiverTooSlow

from .locking import read_deliveries

logger = logging.getLogger(__name__)

CHUNK_BYTES = 64 * 1024
REASON_OF_CAUSE: dict[type[BaseException], AbortReason] = {
    ReceiverGone: AbortReason.BROKEN_OFF,
    ReceiverTooSlow: AbortReason.TOO_SLOW,
}

WRITE_PROGRESS = """
    UPDATE delivery_download d SET sent_bytes = greatest(d.sent_bytes, p.sent_bytes), progressed_at = now()
    FROM unnest(%s::bigint[], %s::bigint[]) AS p (id, sent_bytes)
    WHERE d.id = p.id AND d.state = 'sending'
    RETURNING d.id
"""


class Abort(Protocol):
    """Records that a download was aborted."""

    def __call__(self, row: Download, *, reason: AbortReason, sent_bytes: int = 0) -> None:
        """``sent_bytes``: what the receiver took."""


_running: dict[int, Transmission] = {}
"""What this process sends now, by the download's database key."""


class Transmission(Iterator[bytes]):
    """A file or a part of it being sent to the buyer: an iterator of chunks that records its end.

    The last chunk is sent only after the whole content is verified as the content that was sold (a part: it was
    verified when it was opened) and access is still open. The download is recorded as finished after the receiver took
    the last chunk, before the iterator ends. The caller must ask for what follows the last chunk only when it was taken,
    and must always call ``close``: a download that was not iterated to its end is recorded as aborted. May raise
    ContentDamaged, StaleState or an access error while sending; the caller must then close the connection.
    """

    def __init__(
        self, download: Download, source: BinaryIO, *, finish: Callable[[Download], None], abort: Abort
    ) -> None:
        """``source`` holds the whole file, is read from ``download.first_byte`` on, and is closed."""
        self.download = download
        self.covered = download.distribution
        self.length_bytes = download.length_bytes
        self._source = source
        self._finish, self._record_abort = finish, abort
        self._yielded_bytes = 0
        self._noted_bytes: int | None = None
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._abort_reason = AbortReason.BROKEN_OFF
        self._refused: DomainError | None = None
        self._over = False
        self._chunks = self._send()
        _running[download.pk] = self

    @property
    def is_part(self) -> bool:
        """Whether it is less than the file."""
        return self.length_bytes < self.covered.size_bytes

    @property
    def taken_bytes(self) -> int:
        """What the receiver took: as it was noted, or else the chunks after which another was asked for."""
        return self._yielded_bytes if self._noted_bytes is None else self._noted_bytes

    def __next__(self) -> bytes:
        """The next chunk of the file."""
        return next(self._chunks)

    def note_taken(self, taken_bytes: int) -> None:
        """Learn what the receiver's host has acknowledged."""
        self._noted_bytes = max(taken_bytes, self._noted_bytes or 0)

    def break_off(self, cause: BaseException) -> None:
        """Learn why the sending ends early: the receiver, or else the end of the process."""
        self._abort_reason = REASON_OF_CAUSE.get(type(cause), AbortReason.ABANDONED)

    def refuse(self, error: DomainError) -> None:
        """Send no further chunk; the next one that is asked for raises ``error``."""
        self._refused = error

    def close(self) -> None:
        """Close the file; an unfinished download is recorded as aborted."""
        self._chunks.close()
        self._source.close()
        self._abort(self._abort_reason)

    def _send(self) -> Generator[bytes]:
        try:
            yield from self._verified_chunks()
            self._finish(self.download)
            self._over = True
            _running.pop(self.download.pk, None)
        except ContentDamaged:
            self._abort(AbortReason.DAMAGED)
            raise
        except DomainError:
            self._abort(AbortReason.ACCESS_ENDED)
            raise
        finally:
            self._source.close()

    def _verified_chunks(self) -> Iterator[bytes]:
        self._source.seek(self.download.first_byte)
        remaining = self.length_bytes
        while remaining:
            chunk = self._read(min(CHUNK_BYTES, remaining))
            remaining -= len(chunk)
            if not remaining:
                self._require_as_sold()
                entitlement = self.download.entitlement_id
                read_deliveries([entitlement])[entitlement].require_open(self.download.inspection_id)
            if self._refused is not None:
                raise self._refused
            yield chunk
            self._yielded_bytes += len(chunk)

    def _read(self, size: int) -> bytes:
        """Read and hash the next chunk of the source; raises ContentDamaged if it cannot be read."""
        try:
            chunk = self._source.read(size)
        except (OSError, DomainError) as error:
            raise ContentDamaged(distribution=self.covered.distribution) from error
        if not chunk:
            raise ContentDamaged(distribution=self.covered.distribution)
        self._sha256.update(chunk)
        self._sha512.update(chunk)
        return chunk

    def _require_as_sold(self) -> None:
        if self.is_part:
            return
        if (self._sha256.hexdigest(), self._sha512.hexdigest()) != (self.covered.sha256, self.covered.sha512):
            raise ContentDamaged(distribution=self.covered.distribution)

    def _abort(self, reason: AbortReason) -> None:
        """Record the end once; while the database is unavailable, the sweep does it later."""
        _running.pop(self.download.pk, None)
        if self._over:
            return
        self._over = True
        try:
            self._record_abort(self.download, reason=reason, sent_bytes=self.taken_bytes)
        except DatabaseError as error:
            logger.warning("the end of download %s was not recorded: %s", self.download.public_id, error)


def record_progress() -> int:
    """Record what this process has sent so far, and stop what may not go on; returns the number of downloads.

    Called every few seconds, in a fixed number of statements. A download that somebody else gave up, or whose access
    has ended, sends no further chunk.
    """
    running = dict(_running)
    if not running:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WRITE_PROGRESS, [list(running), [each.taken_bytes for each in running.values()]])
        still_sending = {key for (key,) in cursor.fetchall()}
    deliveries = read_deliveries({each.download.entitlement_id for each in running.values()})
    for key, transmission in running.items():
        if key not in still_sending:
            transmission.refuse(StaleState(machine=DOWNLOAD.name, state=DownloadState.SENDING))
            continue
        try:
            deliveries[transmission.download.entitlement_id].require_open(transmission.download.inspection_id)
        except DomainError as error:
            transmission.refuse(error)
    return len(running)
