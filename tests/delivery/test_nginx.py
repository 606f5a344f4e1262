"""The documented proxy, run for real: what it sends where, and that what it holds is not recorded as sent.

The market sees what the proxy took, not what the client did. The proxy takes no more than 8 kB, and its host's kernel 128 kB,
beyond that, so a file smaller than about 136 kB can be recorded as sent although the client broke off. Files of these tests
are larger.
"""

from __future__ import annotations

import contextlib
import datetime
import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from delivery.models import Download
from marketplace.kernel import clock
from marketplace.runtime.ports import free_port
from tests import processes

from . import factories
from .conftest import TUESDAY
from .test_http import LARGE, content_path, headers_of, wait_for

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
START_SECONDS_MAX = 10
PATIENCE_SECONDS = 20
# What kernel and proxy may hold of a broken-off download, beside what its receiver took.
HELD_BYTES_MAX = 8 << 20

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx")


def make_certificate(folder: Path) -> None:
    """A self-signed certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@contextlib.contextmanager
def proxy(folder: Path, *, web: str, downloads: str) -> Iterator[int]:
    """The documented proxy in front of the two processes; yields its TLS port. Only addresses and paths are ours."""
    make_certificate(folder)
    port = free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    for documented, ours in {
        "server web:8000;": f"server {urlsplit(web).netloc};",
        "server downloads:8001;": f"server {urlsplit(downloads).netloc};",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/tls": str(folder),
        "/tmp/nginx": str(folder / "nginx"),  # noqa: S108  the documented folder of the container
        "/dev/stderr": str(folder / "nginx-error.log"),
    }.items():
        assert documented in text
        text = text.replace(documented, ours)
    configuration = folder / "nginx.conf"
    configuration.write_text(text, encoding="utf-8")
    # As root, workers would be another user, who may not write into the test's folder.
    process = subprocess.Popen([str(NGINX), "-c", str(configuration), "-g", "daemon off; user root;"])
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "nginx-error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


@pytest.fixture
def large(committed_database):
    """A committed delivery of 24 MiB."""
    clock.move_to(TUESDAY, running=False)
    return factories.granted(contents=(LARGE,))


@pytest.fixture
def port(large, tmp_path):
    """The TLS port of the proxy in front of a web and a downloads process."""
    with (
        processes.web(tmp_path) as web,
        processes.downloads(tmp_path) as plane,
        proxy(tmp_path, web=web, downloads=plane.address) as port,
    ):
        yield port


def connect(port: int) -> http.client.HTTPSConnection:
    """A connection to the proxy."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)


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


def test_a_client_that_breaks_off_behind_the_proxy_was_not_sent_the_file(large, port):
    client = connect(port)
    client.request("GET", content_path(large), headers=headers_of(large))
    answer = client.getresponse()
    received = len(answer.read(1 << 20))
    time.sleep(1)
    # The proxy has not taken the rest meanwhile.
    assert Download.objects.get().state == "sending"
    answer.close()
    client.close()
    row = wait_for("aborted")
    assert (row.abort_reason, row.sent_sha256) == ("broken_off", None)
    assert received <= row.sent_bytes < received + HELD_BYTES_MAX < len(LARGE)


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
