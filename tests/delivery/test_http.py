"""Files from real processes: what the receiver sees of the end, and what is recorded of it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import psutil
import pytest
from django.db.models import Sum

from delivery import services
from delivery.models import Download, Voucher
from delivery.queries import PROGRESS_LOST_SECONDS
from marketplace.kernel import clock
from tests import processes
from tests.participants import factories as participants

from . import factories
from .conftest import TUESDAY
from .test_downloads import lose_progress

LARGE = bytes(range(256)) * 4096 * 24
WAIT_SECONDS_MAX = 20
MEBIBYTE = 1 << 20
SLOW_READERS = 200


@pytest.fixture
def large(committed_database):
    """A committed delivery of 24 MiB, more than sockets buffer."""
    clock.move_to(TUESDAY, running=False)
    return factories.granted(contents=(LARGE,))


def headers_of(granted) -> dict[str, str]:
    """A bearer token of the buyer."""
    token = participants.token_of(participants.application_of(granted.buyer))
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


def begin(address: str, granted, headers: dict[str, str], kernel_bytes: int | None = None) -> socket.socket:
    """A connection on which the content is being sent and a little was read."""
    parts = urlsplit(address)
    connection = socket.socket()
    if kernel_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel_bytes)
    connection.settimeout(20)
    connection.connect((parts.hostname, parts.port))
    lines = [f"GET {content_path(granted)} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 20")
    return connection


def read_to_end(connection: socket.socket) -> int:
    """The number of bytes until the other side closes the connection."""
    received = 0
    try:
        while chunk := connection.recv(MEBIBYTE):
            received += len(chunk)
    except ConnectionResetError:
        pass
    return received


def get(address: str, path: str, headers: dict[str, str], method: str = "GET"):
    """Status, fields and body of an answer."""
    web = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    web.request(method, path, headers=headers)
    answer = web.getresponse()
    body = answer.read()
    web.close()
    return answer.status, answer.headers, body


def post(address: str, path: str, headers: dict[str, str], body: object):
    """Status and body of an answer to a command."""
    web = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    web.request("POST", path, body=json.dumps(body), headers=headers | {"Content-Type": "application/json"})
    answer = web.getresponse()
    status, received = answer.status, json.loads(answer.read())
    web.close()
    return status, received


def test_a_report_right_after_the_end_matches_at_once_or_waits_and_matches(committed_database, tmp_path):
    clock.move_to(TUESDAY, running=False)
    first = factories.granted()
    rest = [factories.granted(buyer=first.buyer, seller=first.seller) for _ in range(7)]
    headers = headers_of(first)
    with processes.market(tmp_path) as base_url:
        for granted in (first, *rest):
            status, fields, _ = get(base_url, content_path(granted), headers)
            assert (status, urlsplit(fields["Location"]).path) == (307, content_path(granted))
            address = urlsplit(fields["Location"])
            content = get(f"http://{address.netloc}", f"{address.path}?{address.query}", {})[2]
            body = {"distribution": granted.distributions[0], "sha256": factories.sha256(content)}
            status, voucher = post(
                base_url, f"/api/v1/deliveries/{granted.entitlement}/receipts/", headers, body
            )
            assert status == 201
            assert voucher["matched"] in (True, None)
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while Voucher.objects.filter(matched=True).count() < 8 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert Voucher.objects.filter(matched=True).count() == Voucher.objects.count() == 8


def test_a_large_file_arrives_whole_with_its_length(large, tmp_path):
    headers = headers_of(large)
    with processes.downloads(tmp_path) as plane:
        status, fields, body = get(plane.address, content_path(large), headers, "HEAD")
        assert (status, fields["Content-Length"], body) == (200, str(len(LARGE)), b"")
        status, fields, body = get(plane.address, content_path(large), headers)
        assert (status, fields["Content-Length"], fields["X-Accel-Buffering"]) == (200, str(len(LARGE)), "no")
        assert factories.sha256(body) == factories.sha256(LARGE)
        row = wait_for("sent")
    assert (row.sent_bytes, row.sent_sha512) == (len(LARGE), factories.sha512(LARGE))


def test_a_receiver_that_goes_away_got_what_it_got(large, tmp_path):
    headers = headers_of(large)
    with processes.downloads(tmp_path) as plane:
        connection = begin(plane.address, large, headers)
        received = 4096
        while received < 5 * MEBIBYTE:
            received += len(connection.recv(MEBIBYTE))
        connection.close()
        row = wait_for("aborted")
        assert (row.abort_reason, row.sent_sha256) == ("broken_off", None)
        # Whoever resumes with what it has leaves no gap.
        assert received - 4096 <= row.sent_bytes < len(LARGE)
        first = received - 4096
        status, fields, body = get(
            plane.address,
            content_path(large),
            headers | {"Range": f"bytes={first}-", "If-Range": f'"{factories.sha256(LARGE)}"'},
        )
        assert (status, body == LARGE[first:]) == (206, True)
        assert fields["Content-Range"] == f"bytes {first}-{len(LARGE) - 1}/{len(LARGE)}"
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not Download.objects.filter(sent_sha256__isnull=False).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    large_receipt = services.report_receipt(
        actor=large.buyer_actor,
        entitlement=large.entitlement,
        distribution=large.distributions[0],
        sha256=factories.sha256(LARGE),
    )
    assert (large_receipt.matched, large.inspection.state) == (True, "running")


def test_a_small_file_that_nobody_read_was_not_sent(committed_database, tmp_path):
    clock.move_to(TUESDAY, running=False)
    granted = factories.granted(contents=(b"x" * 300_000,))
    headers = headers_of(granted)
    with processes.downloads(tmp_path) as plane:
        connection = begin(plane.address, granted, headers, kernel_bytes=4096)
        time.sleep(0.5)
        assert Download.objects.get().state == "sending"
        connection.close()
        row = wait_for("aborted")
    assert (row.abort_reason, row.sent_sha256) == ("broken_off", None)
    assert row.sent_bytes < 300_000


def test_a_downloads_process_that_is_killed_leaves_nothing_delivered(large, tmp_path):
    with processes.downloads(tmp_path) as plane:
        connection = begin(plane.address, large, headers_of(large))
    assert read_to_end(connection) < len(LARGE)
    connection.close()
    row = Download.objects.get()
    assert row.state == "sending"
    assert services.abandon_downloads() == 0
    lose_progress(row, PROGRESS_LOST_SECONDS + 1)
    assert services.abandon_downloads() == 1
    large.receive()
    assert large.inspection.state == "running"
    assert sorted(Download.objects.values_list("state", flat=True)) == ["aborted", "sent"]


def test_a_downloads_process_that_is_stopped_records_what_it_sent(large, tmp_path):
    with processes.downloads(tmp_path) as plane:
        connection = begin(plane.address, large, headers_of(large))
        os.kill(plane.pid, signal.SIGTERM)
        row = wait_for("aborted")
        assert (row.abort_reason, row.sent_sha256) == ("abandoned", None)
        assert 0 < row.sent_bytes < len(LARGE)
        connection.close()


def test_a_suspension_cuts_the_connection(large, tmp_path):
    with processes.downloads(tmp_path) as plane:
        connection = begin(plane.address, large, headers_of(large))
        services.suspend_access(
            actor=factories.operator_actor(), entitlement=large.entitlement, reason="Misuse was reported."
        )
        received = read_to_end(connection)
        connection.close()
        row = wait_for("aborted")
    assert row.abort_reason == "access_ended"
    assert received < len(LARGE)


def test_readers_that_stall_or_crawl_are_ended(large, tmp_path):
    headers = headers_of(large)
    limits = {
        "SENDING_STALL_SECONDS_MAX": "2",
        "SENDING_WINDOW_SECONDS": "4",
        "SENDING_BYTES_PER_SECOND_MIN": "1000000",
    }
    with processes.downloads(tmp_path, **limits) as plane:
        stalled = begin(plane.address, large, headers, kernel_bytes=4096)
        crawling = begin(plane.address, large, headers, kernel_bytes=65536)
        ended_after = time.monotonic() + WAIT_SECONDS_MAX
        with pytest.raises(ConnectionResetError):
            while time.monotonic() < ended_after:
                if not crawling.recv(65536):
                    raise ConnectionResetError
                time.sleep(0.2)
        assert read_to_end(stalled) < len(LARGE)
        for connection in (stalled, crawling):
            connection.close()
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while Download.objects.filter(state="sending").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    rows = Download.objects.order_by("sent_bytes")
    assert [row.abort_reason for row in rows] == ["too_slow", "too_slow"]
    assert 0 < rows[0].sent_bytes < rows[1].sent_bytes < len(LARGE)


def test_many_slow_readers_cost_memory_only(large, tmp_path):
    headers = headers_of(large)
    # However long a busy machine takes to begin them all, none is cut off as too slow.
    limits = {
        "DOWNLOADS_PER_BUYER_MAX": str(SLOW_READERS),
        "SENDING_STALL_SECONDS_MAX": "600",
        "SENDING_WINDOW_SECONDS": "600",
    }
    with processes.market(tmp_path, **limits) as base_url, ExitStack() as opened:
        status, fields, _ = get(base_url, content_path(large), headers)
        plane = f"http://{urlsplit(fields['Location']).netloc}"
        (pid,) = [
            process.pid
            for process in psutil.Process().children(recursive=True)
            if "downloads" in process.cmdline()[-3:]
        ]
        before = psutil.Process(pid).memory_info().rss
        readers = [
            opened.enter_context(begin(plane, large, headers, kernel_bytes=4096)) for _ in range(SLOW_READERS)
        ]
        time.sleep(1)
        rss_growth = psutil.Process(pid).memory_info().rss - before
        assert rss_growth < SLOW_READERS * 512 * 1024
        assert psutil.Process(pid).num_threads() < 20
        # One more is too many for the buyer; everybody else is answered.
        status, fields, body = get(plane, content_path(large), headers)
        assert (status, fields["Retry-After"]) == (429, "15")
        assert json.loads(body)["code"] == "too_many_downloads"
        seconds = []
        for _ in range(20):
            began = time.monotonic()
            assert get(base_url, "/api/v1/deliveries/", headers)[0] == 200
            seconds.append(time.monotonic() - began)
        assert sorted(seconds)[10] < 2
        other = factories.granted(seller=large.seller)
        assert get(plane, content_path(other), headers_of(other))[2] == other.contents[0]
        # Progress is recorded while they read.
        for reader in readers:
            reader.recv(4096)
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            if (Download.objects.filter(state="sending").aggregate(sent=Sum("sent_bytes"))["sent"] or 0) > 0:
                break
            time.sleep(0.5)
        assert Download.objects.filter(state="sending", sent_bytes__gt=0).count() > SLOW_READERS / 2


def test_half_sent_heads_do_not_stop_downloads(large, tmp_path):
    headers = headers_of(large)
    with processes.downloads(tmp_path, REQUEST_HEAD_SECONDS_MAX="2") as plane, ExitStack() as opened:
        address = urlsplit(plane.address)
        halves = []
        for _ in range(50):
            half = opened.enter_context(
                socket.create_connection((address.hostname, address.port), timeout=10)
            )
            half.sendall(f"GET {content_path(large)} HTTP/1.1\r\nHost:".encode())
            halves.append(half)
        assert get(plane.address, content_path(large), headers)[0] == 200
        assert [half.recv(100) for half in halves] == [b""] * 50
