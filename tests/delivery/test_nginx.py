"""The documented proxy, run for real: what it sends where, and that what it holds is not recorded as sent.

The market sees what the proxy's host took, not what the client did: what the proxy and its kernel keep for the client, and
what the proxy has not read yet. A file smaller than that can be recorded as sent although the client broke off. The last is
limited by the system's settings (``deploy/compose.yaml``), which a test sets in a network of its own.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from delivery.models import Download
from marketplace.kernel import clock
from marketplace.runtime.layout import PROJECT
from tests import processes

from . import factories
from .conftest import TUESDAY
from .nginx import NGINX, kept_by_proxy, proxy
from .test_http import LARGE, content_path, headers_of, wait_for

PATIENCE_SECONDS = 20
SMALL_BYTES = 2 << 20
LONG = 9_000
"""Little more than the proxy reads of one line: what it leaves unread would reset the connection."""

READ_AHEAD_BYTES = 32 << 10
"""What a client has decrypted or buffered and its caller has not read."""

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx")


@pytest.fixture
def large(committed_database):
    """A committed delivery of 24 MiB."""
    clock.move_to(TUESDAY, running=False)
    return factories.granted(contents=(LARGE,))


@pytest.fixture
def small(committed_database):
    """A committed delivery of 2 MiB: more than a proxy holds that has read little, whatever the system's settings are."""
    clock.move_to(TUESDAY, running=False)
    return factories.granted(contents=(LARGE[:SMALL_BYTES],))


@dataclass(frozen=True)
class Proxied:
    """The TLS port of the proxy, and the port of the downloads process behind it."""

    port: int
    downloads_port: int


@pytest.fixture
def market(committed_database, tmp_path):
    """The proxy in front of a web and a downloads process."""
    with (
        processes.web(tmp_path) as web,
        processes.downloads(tmp_path) as plane,
        proxy(tmp_path, web=web, downloads=plane.address) as port,
    ):
        yield Proxied(port, urlsplit(plane.address).port)


@pytest.fixture
def port(large, market):
    """The TLS port of the proxy, with the large file behind it."""
    return market.port


def connect(port: int, buffer_bytes: int = 0) -> http.client.HTTPSConnection:
    """A connection to the proxy, whose client's kernel takes about ``buffer_bytes`` ahead."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    if buffer_bytes:
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        plain.settimeout(20)
        plain.connect(("127.0.0.1", port))
        client.sock = context.wrap_socket(plain, server_hostname="localhost")
    return client


def test_one_address_serves_the_api_and_the_files(large, port):
    headers = headers_of(large)
    client = connect(port)
    client.request("GET", "/api/v1/deliveries/", headers=headers)
    answer = client.getresponse()
    assert (answer.status, json.loads(answer.read())["results"][0]["id"]) == (200, large.entitlement)
    client.request("GET", content_path(large), headers=headers)
    answer = client.getresponse()
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(LARGE)))
    assert factories.sha256(answer.read()) == factories.sha256(LARGE)
    client.request("GET", content_path(large), headers=headers | {"Range": "bytes=-5"})
    answer = client.getresponse()
    assert (answer.status, answer.read()) == (206, LARGE[-5:])
    client.request("HEAD", content_path(large), headers=headers)
    answer = client.getresponse()
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, str(len(LARGE)), b"")
    for probe in ("/healthz", "/readyz", "/metrics"):
        client.request("GET", probe)
        answer = client.getresponse()
        answer.read()
        assert answer.status == 404
    client.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Download.objects.exclude(state="sent").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(Download.objects.order_by("id").values_list("state", "sent_bytes")) == [
        ("sent", len(LARGE)),
        ("sent", 5),
    ]


def test_what_the_proxy_refuses_itself_is_a_problem_too(market):
    long_path = "/api/v1/catalogue/?text=" + "a" * LONG
    cases = [
        ("POST", "/api/v1/negotiations/", {"Content-Length": str(6 << 20)}, 413, "request_too_large"),
        ("GET", long_path, {}, 414, "request_uri_too_long"),
        ("GET", "/api/v1/catalogue/", {"X-Long": "a" * LONG}, 400, "bad_request"),
        ("GET", "/healthz", {}, 404, "not_found"),
        ("TRACE", "/api/v1/catalogue/", {}, 405, "method_not_allowed"),
    ]
    for method, path, headers, status, code in cases:
        client = connect(market.port)
        client.request(method, path, headers=headers)
        answer = client.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
        assert {**json.loads(answer.read()), "title": "", "detail": ""} == {
            "type": f"urn:sanpo:problem:{code}", "title": "", "status": status, "code": code, "detail": "",
        }  # fmt: skip
        client.close()


def test_a_doubled_slash_is_an_unknown_address(market):
    client = connect(market.port)
    client.request("GET", "//api/v1/deliveries/a/distributions/b/content/")
    answer = client.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (404, "not_found")
    client.close()


def unread(*, local: int = 0, remote: int = 0) -> int:
    """Bytes that wait in the kernel for whoever reads from a connection of this port to that one (0: any)."""
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        here, there, _, queues = line.split()[1:5]
        ports = [int(address.split(":")[1], 16) for address in (here, there)]
        if local in (0, ports[0]) and remote in (0, ports[1]):
            total += int(queues.split(":")[1], 16)
    return total


def test_a_client_that_breaks_off_behind_the_proxy_was_not_sent_the_file(large, market):
    client = connect(market.port)
    client.request("GET", content_path(large), headers=headers_of(large))
    connection = client.sock
    answer = client.getresponse()
    received = len(answer.read(1 << 20))
    time.sleep(1)
    # The proxy has not taken the rest meanwhile.
    assert Download.objects.get().state == "sending"
    waiting = unread(remote=market.downloads_port) + unread(local=connection.getsockname()[1])
    answer.close()
    client.close()
    row = wait_for("aborted")
    assert (row.abort_reason, row.sent_sha256) == ("broken_off", None)
    # Beside what waits on either side: at most what the proxy keeps, and what the client has begun to read.
    assert received <= row.sent_bytes <= received + waiting + kept_by_proxy() + READ_AHEAD_BYTES
    assert row.sent_bytes < len(LARGE)


def test_a_file_above_what_the_proxy_holds_is_not_recorded_as_sent(small, market):
    """The client reads nothing, and its kernel takes little."""
    client = connect(market.port, buffer_bytes=16_384)
    client.request("GET", content_path(small), headers=headers_of(small))
    time.sleep(1.5)
    assert Download.objects.get().state == "sending"
    client.close()
    row = wait_for("aborted")
    assert (row.abort_reason, row.sent_sha256) == ("broken_off", None)
    assert row.sent_bytes < SMALL_BYTES


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a network of its own")
def test_what_the_documented_proxy_holds_is_limited(tmp_path):
    """With the settings of its container, whatever its client has read before: for docs/operator/running.md."""
    services = yaml.safe_load((PROJECT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    buffers = services["nginx"]["sysctls"]["net.ipv4.tcp_rmem"]
    bound = kept_by_proxy() + int(buffers.split()[2])
    if subprocess.run(["unshare", "--net", "true"], check=False).returncode:
        pytest.skip("this host does not allow a network of its own")
    program = [sys.executable, "-m", "tests.delivery.measure_proxy", str(tmp_path), buffers, str(bound + 1)]
    done = subprocess.run(
        ["unshare", "--net", *program], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert bound == 328 * 1024
    assert 8 * 1024 < max(measured["held"]) <= bound
    # Of a file one byte larger than the bound, of which nothing was read, something is not acknowledged.
    assert measured["missing"] > 0


def test_half_sent_heads_do_not_stop_the_proxy(large, port):
    halves = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(50)]
    client = connect(port)
    client.request("GET", "/api/v1/evidence/keys/")
    assert client.getresponse().status == 200
    client.close()
    for half in halves:
        half.close()


def test_uploads_may_be_large_and_nothing_else(port):
    form, size = {"Content-Type": "multipart/form-data; boundary=b"}, 6 << 20
    for path, headers, status in (
        ("/api/v1/listings/lst_1/versions/", form, 401),
        ("/api/v1/bank-statements/", form, 401),
        ("/api/v1/listings/lst_1/versions/", {"Content-Type": "application/json"}, 413),
        ("/api/v1/negotiations/", form, 413),
    ):
        client = connect(port)
        client.request("POST", path, body=b"x" * size, headers=headers)
        assert (path, client.getresponse().status) == (path, status)
        client.close()


def test_a_refusal_for_want_of_room_passes_the_proxy(committed_database, tmp_path):
    limits = {"SPOOLED_BYTES_MAX": "1000000"}
    with (
        processes.web(tmp_path, **limits) as web,
        proxy(tmp_path, web=web, downloads=web) as port,
    ):
        for _ in range(5):
            client = connect(port)
            client.request(
                "POST",
                "/api/v1/bank-statements/",
                body=b"x" * (3 << 20),
                headers={"Content-Type": "multipart/form-data; boundary=b"},
            )
            answer = client.getresponse()
            assert (answer.status, json.loads(answer.read())["code"]) == (503, "receiving_limit_reached")
            client.close()
