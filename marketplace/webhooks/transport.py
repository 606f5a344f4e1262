"""Send one HTTP request to a stranger: to a checked address only, without redirects, bounded in time and size."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import h11

from .addresses import host_header, is_global
from .states import AttemptOutcome

CONNECT_SECONDS_MAX = 5.0
SECONDS_MAX = 15.0
ANSWER_BYTES_MAX = 65_536
READ_BYTES = 16_384

# The resolver blocks, and longer than an attempt may take; so it has threads of its own, which nobody waits for.
RESOLVERS = ThreadPoolExecutor(32, thread_name_prefix="resolver")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request ended; ``status`` is the receiver's, None where it did not answer."""

    outcome: AttemptOutcome
    status: int | None
    took_ms: int


class NotSent(Exception):
    """The request did not get an answer. ``outcome`` says why."""

    def __init__(self, outcome: AttemptOutcome) -> None:
        """Keep the reason."""
        super().__init__(outcome.value)
        self.outcome = outcome


async def post(*, url: str, headers: Mapping[str, str], body: bytes, local: bool) -> Answer:
    """POST ``body`` to ``url`` and return how it ended; never raises for what a receiver or the network does.

    The host is resolved once; unless all its addresses are global (or ``local``), nothing is connected to. The
    connection goes to one of these addresses, while ``Host`` and the TLS name stay those of the URL. The answer is read
    up to its status line and headers; a redirect is an answer like any other.
    """
    started = time.monotonic()
    status: int | None = None
    try:
        async with asyncio.timeout(SECONDS_MAX):
            status = await _exchange(url, headers, body, local=local)
        outcome = AttemptOutcome.DELIVERED if 200 <= status < 300 else AttemptOutcome.REFUSED
    except NotSent as error:
        outcome = error.outcome
    except TimeoutError:
        outcome = AttemptOutcome.TIMED_OUT
    except ssl.SSLError:
        outcome = AttemptOutcome.NOT_TRUSTED
    except OSError:
        outcome = AttemptOutcome.NOT_CONNECTED
    except h11.RemoteProtocolError:
        outcome = AttemptOutcome.NOT_HTTP
    return Answer(outcome, status, round((time.monotonic() - started) * 1000))


async def _exchange(url: str, headers: Mapping[str, str], body: bytes, *, local: bool) -> int:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host = parts.hostname or ""
    addresses = await _resolve(host, parts.port or (443 if secure else 80), local=local)
    reader, writer = await _connect(addresses, host if secure else None)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return await _request(reader, writer, target, {"Host": host_header(parts), **headers}, body)
    finally:
        writer.transport.abort()


async def _resolve(host: str, port: int, *, local: bool) -> list[tuple[str, int]]:
    """The addresses of ``host``, in the resolver's order; raises NotSent."""
    try:
        found = await asyncio.get_running_loop().run_in_executor(
            RESOLVERS, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        )
    except (socket.gaierror, UnicodeError):
        raise NotSent(AttemptOutcome.NOT_RESOLVED) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not local and not all(is_global(address) for address in addresses):
        raise NotSent(AttemptOutcome.NOT_GLOBAL)
    return [(address, port) for address in addresses]


async def _connect(
    addresses: list[tuple[str, int]], tls_name: str | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that accepts one, under TLS for ``tls_name``; raises what the last one raised."""
    context = ssl.create_default_context() if tls_name is not None else None
    failure: Exception = NotSent(AttemptOutcome.NOT_RESOLVED)
    for address, port in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                return await asyncio.open_connection(address, port, ssl=context, server_hostname=tls_name)
        except OSError as error:  # includes time-outs and TLS errors
            failure = error
    raise failure


async def _request(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
) -> int:
    """Send the request, and return the status of the answer; raises h11.RemoteProtocolError, OSError."""
    http = h11.Connection(h11.CLIENT)
    fields = [*headers.items(), ("Content-Length", str(len(body))), ("Connection", "close")]
    for part in (
        h11.Request(method="POST", target=target, headers=fields),
        h11.Data(data=body),
        h11.EndOfMessage(),
    ):
        writer.write(http.send(part) or b"")
    await writer.drain()
    received = 0
    while True:
        event = http.next_event()
        if isinstance(event, h11.Response):
            return event.status_code
        if event is h11.NEED_DATA:
            data = await reader.read(READ_BYTES)
            received += len(data)
            if received > ANSWER_BYTES_MAX:
                raise h11.RemoteProtocolError("the answer is too large")
            http.receive_data(data)
