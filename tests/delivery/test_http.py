"""Downloads from a real web process: what the receiver sees of the end, and what is written down of it."""

from __future__ import annotations

import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from delivery import services
from delivery.models import Download, Voucher
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services as participants_services
from tests import processes

from . import factories
from .conftest import TUESDAY

LARGE = bytes(range(256)) * 4096 * 24
WAIT_SECONDS_MAX = 20


@pytest.fixture
def large(committed_database):
    """A committed delivery of 24 MiB, more than sockets buffer."""
    clock.move_to(TUESDAY, running=False)
    return factories.granted(contents=(LARGE,))


def headers_of(granted) -> dict[str, str]:
    """A bearer token of the buyer."""
    application = participants_services.create_application(
        actor=SYSTEM, organisation=granted.buyer.public_id, name="test"
    )
    token = participants_services.issue_token(
        application=application, scopes=("market:read", "market:write"), lifetime_seconds=600
    )
    return {"Authorization": f"Bearer {token}"}


def content_path(granted) -> str:
    return f"/api/v1/deliveries/{granted.entitlement}/distributions/{granted.distributions[0]}/content/"


def wait_for(state: str) -> Download:
    """The only download, once it is in ``state``."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        row = Download.objects.get()
        if row.state == state:
            return row
        time.sleep(0.1)
    raise AssertionError(f"the download is still {row.state}")


def begin(base_url: str, granted, headers: dict[str, str]) -> socket.socket:
    """A connection on which the content is being sent and a little was read."""
    address = urlsplit(base_url)
    connection = socket.create_connection((address.hostname, address.port), timeout=10)
    lines = [f"GET {content_path(granted)} HTTP/1.1", f"Host: {address.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    return connection


def test_whoever_saw_the_end_may_report_at_once(committed_database, tmp_path):
    clock.move_to(TUESDAY, running=False)
    first = factories.granted()
    rest = [factories.granted(buyer=first.buyer, seller=first.seller) for _ in range(7)]
    headers = headers_of(first)
    with processes.web(tmp_path) as base_url:
        web = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=20)
        for granted in (first, *rest):
            web.request("GET", content_path(granted), headers=headers)
            answer = web.getresponse()
            assert (answer.status, answer.headers["Transfer-Encoding"]) == (200, "chunked")
            body = {"distribution": granted.distributions[0], "sha256": factories.sha256(answer.read())}
            web.request(
                "POST",
                f"/api/v1/deliveries/{granted.entitlement}/receipts/",
                body=json.dumps(body),
                headers={**headers, "Content-Type": "application/json"},
            )
            answer = web.getresponse()
            assert (answer.status, json.loads(answer.read())["matched"]) == (201, True)
        web.close()
    assert Voucher.objects.filter(matched=True).count() == 8


def test_a_large_file_arrives_whole(large, tmp_path):
    with processes.web(tmp_path) as base_url:
        web = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=20)
        web.request("GET", content_path(large), headers=headers_of(large))
        assert factories.sha256(web.getresponse().read()) == factories.sha256(LARGE)
        web.close()
    row = Download.objects.get()
    assert (row.state, row.sent_bytes, row.sent_sha512) == ("sent", len(LARGE), factories.sha512(LARGE))


def test_a_receiver_that_goes_away_got_nothing(large, tmp_path):
    with processes.web(tmp_path) as base_url:
        begin(base_url, large, headers_of(large)).close()
        row = wait_for("aborted")
    assert row.abort_reason == "broken_off"
    assert row.sent_bytes < len(LARGE)
    assert row.sent_sha256 is None


def test_a_web_process_that_is_killed_leaves_nothing_delivered(large, tmp_path):
    with processes.web(tmp_path) as base_url:
        connection = begin(base_url, large, headers_of(large))
    connection.settimeout(10)
    received = b""
    while chunk := connection.recv(1 << 20):
        received += chunk
    connection.close()
    assert len(received) < len(LARGE)
    assert Download.objects.get().state == "sending"
    assert services.abandon_downloads() == 0
    large.receive()
    assert large.inspection.state == "running"
    assert sorted(Download.objects.values_list("state", flat=True)) == ["sending", "sent"]


def test_a_suspension_cuts_the_connection(large, tmp_path):
    with processes.web(tmp_path) as base_url:
        connection = begin(base_url, large, headers_of(large))
        services.suspend_access(
            actor=factories.operator_actor(), entitlement=large.entitlement, reason="Misuse was reported."
        )
        received = b""
        while chunk := connection.recv(1 << 20):
            received += chunk
        connection.close()
        row = wait_for("aborted")
    assert row.abort_reason == "access_ended"
    assert not received.endswith(b"0\r\n\r\n")
