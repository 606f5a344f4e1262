"""Sends an answer at the receiver's pace, and ends a receiver that takes too little for too long."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from django.conf import settings

from .protocol import PunctualProtocol

TICK_SECONDS = 0.5
CONFIRM_SECONDS_MIN, CONFIRM_SECONDS_MAX = 0.002, 0.1


class ReceiverGone(Exception):
    """The receiver closed the connection."""


class ReceiverTooSlow(Exception):
    """The receiver took nothing for ``SENDING_STALL_SECONDS_MAX``, or less than the least rate."""


class Pace:
    """Judges how fast bytes are taken: never nothing for too long, and not below the least rate within the window."""

    def __init__(self) -> None:
        """Begin now, with nothing taken."""
        now = time.monotonic()
        self._samples = deque([(now, 0)])
        self._moved_at = now

    def note(self, taken: int) -> None:
        """Note how many bytes have been taken until now; raises ReceiverTooSlow."""
        now = time.monotonic()
        if taken > self._samples[-1][1]:
            self._moved_at = now
        self._samples.append((now, taken))
        if now - self._moved_at > settings.SENDING_STALL_SECONDS_MAX:
            raise ReceiverTooSlow
        window = settings.SENDING_WINDOW_SECONDS
        while len(self._samples) > 2 and now - self._samples[1][0] >= window:
            self._samples.popleft()
        began_at, before = self._samples[0]
        if (
            now - began_at >= window
            and taken - before < (now - began_at) * settings.SENDING_BYTES_PER_SECOND_MIN
        ):
            raise ReceiverTooSlow


class Sender:
    """Sends one answer on a connection, chunk by chunk.

    ``taken``: the bytes of the answer's body that the receiver's host has acknowledged. Where the system does not say
    so, what the kernel has taken counts. ``told`` is called with it whenever it was looked at.
    """

    def __init__(
        self,
        connection: PunctualProtocol,
        send: Callable[[dict[str, object]], Awaitable[None]],
        told: Callable[[int], None],
    ):
        """``send`` is ASGI's."""
        self._connection = connection
        self._send = send
        self._told = told
        self._pace = Pace()
        self._written = 0
        self._before_body: int | None = None

    async def start(self, message: dict[str, object]) -> None:
        """Send status and headers; raises ReceiverGone, ReceiverTooSlow."""
        await self._pass_on(message)
        self._before_body = self._connection.count_written()

    async def send_chunk(self, chunk: bytes) -> None:
        """Send a chunk, and wait until the kernel has taken it; raises ReceiverGone, ReceiverTooSlow."""
        await self._pass_on({"type": "http.response.body", "body": chunk, "more_body": True})
        self._written += len(chunk)
        self._look()

    async def wait_until_taken(self) -> None:
        """Wait until all that was sent is acknowledged; raises ReceiverGone, ReceiverTooSlow."""
        pause = CONFIRM_SECONDS_MIN
        while self.count_taken() < self._written:
            if self._connection.is_gone:
                raise ReceiverGone
            self._look()
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, CONFIRM_SECONDS_MAX)
        self._look()

    async def end(self) -> None:
        """Send the end of the answer: no bytes, or the last chunk's mark."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def count_written(self) -> int:
        """The bytes of the body that were sent, whether they arrived or not."""
        return self._written

    def count_taken(self) -> int:
        """The bytes of the body that the receiver has taken until now, or had when it went."""
        confirmed = self._connection.count_confirmed()
        if confirmed is None or self._before_body is None:
            return self._written
        return max(0, min(confirmed - self._before_body, self._written))

    def _look(self) -> None:
        taken = self.count_taken()
        self._told(taken)
        self._pace.note(taken)

    async def _pass_on(self, message: dict[str, object]) -> None:
        if self._connection.is_gone:
            raise ReceiverGone
        await self._send(message)
        while not await self._connection.wait_writable(TICK_SECONDS):
            self._look()
        if self._connection.is_gone:
            raise ReceiverGone
