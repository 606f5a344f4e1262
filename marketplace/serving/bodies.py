"""Reads the body of a request before a thread is given to it: within a time, a size, and what a process keeps in all."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings

from marketplace.kernel.labels import Label

Receive = Callable[[], Awaitable[dict[str, Any]]]

MEMORY_BYTES_MAX = 1 << 16
FORM = b"multipart/form-data"
RETRY_AFTER_SECONDS = 10
LINGER_SECONDS = 2.0
LINGER_BYTES_MAX = 4 << 20

TOO_SLOW = Label(
    "The request did not arrive within the time allowed. Send it again on a faster connection.",
    "リクエストが制限時間内に届きませんでした。より速い回線で再送してください。",
)
TOO_LARGE = Label(
    "The request is larger than {bytes_max} bytes. Send less at once.",
    "リクエストが {bytes_max} バイトを超えています。分割して送信してください。",
)
NO_ROOM = Label(
    "The market is receiving as much as it can keep now. Send the request again in {seconds} seconds.",
    "現在受信中のデータ量が上限に達しています。{seconds}秒後に再送してください。",
)


class BodyRefused(Exception):
    """The body is not taken: ``status``, ``code`` and ``detail`` of the refusal, and when to try again, if that helps."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: Label, retry_after_seconds: int | None = None
    ) -> None:
        """What to answer."""
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.retry_after_seconds = retry_after_seconds


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Spool:
    """What one process keeps of bodies in files: at most ``bytes_max`` in all. Used by the event loop alone."""

    def __init__(self, bytes_max: int) -> None:
        """Begin empty."""
        self.bytes_free = bytes_max

    def require(self, size_bytes: int) -> None:
        """Raise BodyRefused (503) unless so much is free."""
        if size_bytes > self.bytes_free:
            detail = NO_ROOM.fill({"seconds": RETRY_AFTER_SECONDS})
            raise BodyRefused(
                HTTPStatus.SERVICE_UNAVAILABLE, "receiving_limit_reached", detail, RETRY_AFTER_SECONDS
            )


class Body(SpooledTemporaryFile[bytes]):
    """A body: in memory up to ``MEMORY_BYTES_MAX``, else a file without a name that counts in ``spool`` until closed."""

    def __init__(self, spool: Spool) -> None:
        """Begin empty."""
        super().__init__(max_size=MEMORY_BYTES_MAX)
        self._spool = spool
        self._spooled_bytes = 0

    def append(self, part: bytes, bytes_max: int) -> None:
        """Write what came next; raises BodyRefused beyond ``bytes_max``, and without room in the spool."""
        size = self.tell() + len(part)
        _require_size(size, bytes_max)
        if size > MEMORY_BYTES_MAX:
            added = size - self._spooled_bytes
            self._spool.require(added)
            self._spool.bytes_free -= added
            self._spooled_bytes = size
        self.write(part)

    def close(self) -> None:
        """Remove the file, and give its room back."""
        super().close()
        self._spool.bytes_free += self._spooled_bytes
        self._spooled_bytes = 0


async def read_body(
    scope: Mapping[str, Any], receive: Receive, *, upload_routes: Mapping[str, int], spool: Spool
) -> Body:
    """The body, at its start. The caller closes it.

    ``upload_routes``: patterns of paths, and how many bytes of a form are taken there. Raises BodyRefused beyond these,
    elsewhere beyond ``REQUEST_BODY_BYTES_MAX``; while the spool has no room for what is announced or for what comes;
    after ``REQUEST_STALL_SECONDS_MAX`` without a byte and after ``REQUEST_BODY_SECONDS_MAX`` in all. Raises ClientGone.
    """
    headers = dict(scope["headers"])
    bytes_max = _bytes_max(scope, headers.get(b"content-type", b""), upload_routes)
    announced = int(headers.get(b"content-length", 0))
    _require_size(announced, bytes_max)
    if announced > MEMORY_BYTES_MAX:
        spool.require(announced)
    deadline = time.monotonic() + settings.REQUEST_BODY_SECONDS_MAX
    body = Body(spool)
    try:
        is_complete = False
        while not is_complete:
            part = await _receive_within(receive, deadline)
            body.append(part["body"], bytes_max)
            is_complete = not part["more_body"]
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


async def discard_rest(receive: Receive) -> None:
    """Take some of what still comes of a refused body: whoever is sending would lose the answer if it were cut at once."""
    deadline, taken = time.monotonic() + LINGER_SECONDS, 0
    is_over = False
    while not is_over and taken < LINGER_BYTES_MAX:
        try:
            part = await asyncio.wait_for(receive(), deadline - time.monotonic())
        except TimeoutError:
            return
        is_over = part["type"] != "http.request" or not part["more_body"]
        taken += len(part.get("body", b""))


def _bytes_max(scope: Mapping[str, Any], content_type: bytes, upload_routes: Mapping[str, int]) -> int:
    is_form = scope["method"] == "POST" and content_type.lower().startswith(FORM)
    for route, bytes_max in upload_routes.items() if is_form else ():
        if re.fullmatch(route, scope["path"]):
            return bytes_max
    return int(settings.REQUEST_BODY_BYTES_MAX)


async def _receive_within(receive: Receive, deadline: float) -> dict[str, Any]:
    patience = min(settings.REQUEST_STALL_SECONDS_MAX, deadline - time.monotonic())
    try:
        async with asyncio.timeout(max(patience, 0.001)):
            part = await receive()
    except TimeoutError as error:
        raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT, "request_too_slow", TOO_SLOW) from error
    if part["type"] != "http.request":
        raise ClientGone
    return part


def _require_size(size_bytes: int, bytes_max: int) -> None:
    if size_bytes > bytes_max:
        detail = TOO_LARGE.fill({"bytes_max": bytes_max})
        raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", detail)
