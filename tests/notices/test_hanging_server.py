"""A mail server that accepts connections and never answers: mail waits, nothing else does, and each mail comes once."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from time import monotonic

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.labels import Label
from marketplace.notices import services
from marketplace.notices.models import MailMessage
from marketplace.notices.texts import Wording
from marketplace.participants import services as participation
from marketplace.runtime.ports import free_port
from tests.participants import factories as parties

WORDING = Wording(Label("It happened", "起こりました"), Label("All of it.", "すべて。"))


class Postbox:
    """A mail server's handler that keeps what it takes."""

    def __init__(self) -> None:
        """Begin empty."""
        self.identifiers: list[str] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # the name that aiosmtpd calls
        self.identifiers.append(message_from_bytes(envelope.content)["Message-ID"])
        return "250 OK"


@contextmanager
def hanging_server() -> Iterator[int]:
    """The port of a server that accepts connections and says nothing."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for connection in held:
        connection.close()


@pytest.fixture
def smtp(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_TIMEOUT = 0.3
    return settings


def test_mail_waits_for_a_hanging_server_and_then_comes_exactly_once(committed_database, smtp):
    organisation = parties.organisation()
    participation.add_member(
        actor=SYSTEM, organisation=organisation.public_id, email="a@example.jp", name="x", roles=("trader",)
    )
    for number in range(4):
        services.send_notice(organisation_id=organisation.pk, subject=f"trd_{number}", wording=WORDING)
    with hanging_server() as port:
        smtp.EMAIL_PORT = port
        began = monotonic()
        assert run_due("mail") == 4
        assert monotonic() - began < 10
    assert set(Job.objects.values_list("state", "attempts", "error")) == {
        ("queued", 1, "MailNotSent: SMTPServerDisconnected")
    }
    Job.objects.update(due_at=timezone.now())
    postbox = Postbox()
    server = Controller(postbox, hostname="127.0.0.1", port=free_port(None))
    server.start()
    try:
        smtp.EMAIL_PORT = server.port
        assert run_due("mail") == 4
        assert run_due("mail") == 0
    finally:
        server.stop()
    expected = Counter(f"<{mail.public_id}@sanpo>" for mail in MailMessage.objects.all())
    assert Counter(postbox.identifiers) == expected
    assert len(expected) == 4
