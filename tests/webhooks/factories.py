"""Events, webhooks, and receivers that are real HTTP servers on this machine."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from marketplace.events.models import OutboxEvent
from marketplace.events.schema import Event
from marketplace.events.schemas.clearing import TradeRefunded
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.services import emit_all
from marketplace.kernel import clock
from marketplace.kernel.discovery import import_declarations
from marketplace.kernel.retention import OLD_ROWS
from marketplace.webhooks import services
from marketplace.webhooks.models import Webhook, WebhookMessage
from tests.participants import factories as parties

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SECONDS_MAX = 20


def refunded(buyer: str, seller: str, number: int = 1) -> TradeRefunded:
    """An event that a buyer and a seller may see."""
    return TradeRefunded(
        trade=f"trd_{number}",
        agreement=f"agr_{number}",
        buyer=buyer,
        seller=seller,
        amount_minor=5,
        currency="JPY",
    )


def registered(organisation: str) -> OrganisationRegistered:
    """An event that one organisation may see."""
    return OrganisationRegistered(organisation=organisation)


def emit(*events: Event) -> list[str]:
    """Emit events in one transaction; returns their identifiers."""
    with transaction.atomic():
        return emit_all(events)


def emit_vanished(buyer: str) -> OutboxEvent:
    """An event as an earlier build emitted it, of a type that this one does not declare."""
    return OutboxEvent.objects.create(
        type="trade.vanished", version=1, subject="agr_1", data={"buyer": buyer}, occurred_at=clock.now()
    )


def publish(count: int) -> int:
    """Publish until ``count`` events are published, or for some seconds: other transactions may hold it back."""
    published, ends_at = 0, time.monotonic() + SECONDS_MAX
    while published < count and time.monotonic() < ends_at:
        published += services.publish_due()[0]
        time.sleep(0.01)
    return published


def start_feed() -> None:
    """Publish all that was emitted while the parties of the test were made."""
    publish(OutboxEvent.objects.count())


def remove_old(name: str, *, days: int | None = None) -> int:
    """Remove what is older than ``days``, or than its retention, as the owner's command does; returns how many rows."""
    import_declarations("retention")
    kept_days = settings.RETENTION[name][0] if days is None else days
    before, removed = clock.real_now() - timedelta(days=kept_days), 0
    while count := OLD_ROWS[name].remove(before):
        removed += count
    return removed


def webhook(subject: Any, url: str, *types: str) -> tuple[Webhook, str]:
    """A webhook of an organisation, and its secret."""
    return services.create_webhook(actor=parties.actor_for(subject), url=url, event_types=types)


def make_due() -> None:
    """Let every waiting message be due now."""
    WebhookMessage.objects.filter(state="pending").update(due_at="2020-01-01T00:00:00Z")


@dataclass
class Received:
    """One request as the receiver read it."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server that reads requests and answers each as ``answer`` says; records what it received."""

    url: str
    port: int
    requests: list[Received] = field(default_factory=list)
    connections: int = 0


Answering = Callable[[socket.socket, Received], None]


def answering(data: bytes) -> Answering:
    """Answer every request with ``data``."""
    return lambda connection, _request: connection.sendall(data)


def hang(connection: socket.socket, _request: Received) -> None:
    """Answer nothing, and keep the connection until the sender closes it, for some seconds at most."""
    connection.settimeout(SECONDS_MAX)
    with contextlib.suppress(OSError):
        connection.recv(1)


def drip(connection: socket.socket, _request: Received) -> None:
    """Answer one byte of a header at a time, for some seconds at most."""
    ends_at = time.monotonic() + SECONDS_MAX
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while time.monotonic() < ends_at:
            connection.sendall(b"x")
            time.sleep(0.1)


@contextlib.contextmanager
def receiver(answer: Answering | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a port of its own, with a thread a connection; ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        scheme = "https" if tls else "http"
        subject = Receiver(url=f"{scheme}://localhost:{port}/hook?a=1", port=port)
        thread = threading.Thread(
            target=_accept, args=(server, subject, answer or answering(OK), tls), daemon=True
        )
        thread.start()
        try:
            yield subject
        finally:
            server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, subject: Receiver, answer: Answering, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        subject.connections += 1
        threading.Thread(target=_serve, args=(connection, subject, answer, tls), daemon=True).start()


def _serve(
    connection: socket.socket, subject: Receiver, answer: Answering, tls: ssl.SSLContext | None
) -> None:
    connection.settimeout(SECONDS_MAX)
    with contextlib.suppress(OSError), connection:
        stream = tls.wrap_socket(connection, server_side=True) if tls else connection
        with stream:
            request = _read(stream)
            subject.requests.append(request)
            answer(stream, request)


def _read(stream: socket.socket) -> Received:
    data = b""
    while b"\r\n\r\n" not in data:
        data += stream.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (entry.partition(": ") for entry in fields)}
    while len(body) < int(headers["content-length"]):
        body += stream.recv(65_536)
    return Received(line, headers, body)
