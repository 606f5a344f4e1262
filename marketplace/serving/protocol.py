"""The HTTP protocol of a connection: uvicorn's, with a deadline for a request's head and a count of what was received."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
from typing import Any

import h11
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol

# Offset and format of tcpi_bytes_acked in Linux' struct tcp_info (linux/tcp.h).
BYTES_ACKED = struct.Struct("=120xQ")
UNSENT = struct.Struct("=i")


class PunctualProtocol(H11Protocol):
    """Closes a connection whose request head is not complete ``REQUEST_HEAD_SECONDS_MAX`` after its first byte.

    The same holds for a new connection on which nothing is sent. The application finds the connection itself in the
    scope's extensions, under ``sanpo.connection``, and learns from it what the receiver has taken.
    """

    _head_timer: asyncio.TimerHandle | None = None
    _confirmed_at_end: int | None = None
    is_lost = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        # Whatever is not in the kernel yet is the chunk that the application waits with.
        transport.set_write_buffer_limits(high=0)
        application: Any = self.app

        async def with_connection(scope: Any, receive: Any, send: Any) -> None:
            await application(scope | {"extensions": {"sanpo.connection": self}}, receive, send)

        self.app = with_connection
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and watch whether a head is still incomplete."""
        super().data_received(data)
        self._watch_head()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer a client that has closed its own direction after a complete request."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep what was confirmed until now; the socket is closed after this call."""
        self._confirmed_at_end = self._read_confirmed()
        self.is_lost = True
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._head_timer is None and (self.cycle is None or self.conn.trailing_data[0]):
            self._head_timer = self.loop.call_later(settings.REQUEST_HEAD_SECONDS_MAX, self.abort)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    @property
    def is_gone(self) -> bool:
        """Whether nothing that is sent will arrive any more."""
        return self.is_lost or self.transport.is_closing()

    def abort(self) -> None:
        """Close the connection at once; what was not sent is dropped."""
        self.transport.abort()

    async def wait_writable(self, seconds: float) -> bool:
        """Wait until the kernel has taken all that was written, at most so long; whether it has."""
        if not self.flow.write_paused:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self.flow.drain()
        except TimeoutError:
            return False
        return True

    def count_confirmed(self) -> int | None:
        """Bytes that the receiver's host has acknowledged since the connection began; None where nobody knows."""
        return self._confirmed_at_end if self.is_lost else self._read_confirmed()

    def count_written(self) -> int | None:
        """Bytes written since the connection began, acknowledged or not; None where nobody knows."""
        confirmed = self._read_confirmed()
        while confirmed is not None:
            descriptor = self.transport.get_extra_info("socket").fileno()
            (waiting,) = UNSENT.unpack(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(UNSENT.size)))
            # An acknowledgement between the two looks would be counted twice or not at all.
            before, confirmed = confirmed, self._read_confirmed()
            if before == confirmed:
                return before + int(waiting) + self.transport.get_write_buffer_size()
        return None

    def _read_confirmed(self) -> int | None:
        connection = self.transport.get_extra_info("socket")
        try:
            facts = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_ACKED.size)
            return int(BYTES_ACKED.unpack(facts)[0])
        except (AttributeError, OSError, struct.error):
            return None
