"""Reads the body of a request before a thread is given to it: within a time and a size."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings

from marketplace.kernel.labels import Label

MEMORY_BYTES_MAX = 1 << 20

TOO_SLOW = Label(
    "The request did not arrive within the time allowed. Send it again on a faster connection.",
    "リクエストが制限時間内に届きませんでした。より速い回線で再送してください。",
)
TOO_LARGE = Label(
    "The request is larger than {bytes_max} bytes. Send less at once.",
    "リクエストが {bytes_max} バイトを超えています。分割して送信してください。",
)


class BodyRefused(Exception):
    """The body is too large or too slow: ``status``, ``code`` and ``detail`` of the refusal."""

    def __init__(self, status: HTTPStatus, code: str, detail: Label) -> None:
        """What to answer."""
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


async def read_body(
    headers: Iterable[tuple[bytes, bytes]], receive: Callable[[], Awaitable[dict[str, Any]]]
) -> SpooledTemporaryFile[bytes]:
    """The body, at its start; above 1 MiB it is a file without a name. The caller closes it.

    Raises BodyRefused beyond ``REQUEST_BODY_BYTES_MAX``, after ``REQUEST_STALL_SECONDS_MAX`` without a byte and after
    ``REQUEST_BODY_SECONDS_MAX`` in all; ClientGone.
    """
    _require_size(max((int(value) for name, value in headers if name == b"content-length"), default=0))
    deadline = time.monotonic() + settings.REQUEST_BODY_SECONDS_MAX
    body: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX)  # noqa: SIM115
    try:
        is_complete = False
        while not is_complete:
            part = await _receive_within(receive, deadline)
            body.write(part["body"])
            _require_size(body.tell())
            is_complete = not part["more_body"]
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


async def _receive_within(
    receive: Callable[[], Awaitable[dict[str, Any]]], deadline: float
) -> dict[str, Any]:
    patience = min(settings.REQUEST_STALL_SECONDS_MAX, deadline - time.monotonic())
    try:
        part = await asyncio.wait_for(receive(), max(patience, 0.001))
    except TimeoutError as error:
        raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT, "request_too_slow", TOO_SLOW) from error
    if part["type"] != "http.request":
        raise ClientGone
    return part


def _require_size(size_bytes: int) -> None:
    if size_bytes > settings.REQUEST_BODY_BYTES_MAX:
        detail = TOO_LARGE.fill({"bytes_max": settings.REQUEST_BODY_BYTES_MAX})
        raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", detail)
