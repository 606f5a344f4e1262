"""One request to a stranger: what it answers is recorded, and how long and how much it may answer is bounded."""

from __future__ import annotations

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from marketplace.webhooks import transport
from marketplace.webhooks.states import AttemptOutcome
from marketplace.webhooks.transport import Answer

from . import factories


def post(url: str, *, local: bool = True) -> Answer:
    return asyncio.run(transport.post(url=url, headers={"X-Test": "1"}, body=b"{}", local=local))


def test_a_request_is_a_post_to_the_urls_path_with_its_host():
    with factories.receiver() as receiver:
        answer = post(receiver.url)
    assert (answer.outcome, answer.status) == (AttemptOutcome.DELIVERED, 200)
    request = receiver.requests[0]
    assert (request.line, request.body) == ("POST /hook?a=1 HTTP/1.1", b"{}")
    assert (request.headers["host"], request.headers["x-test"]) == (f"localhost:{receiver.port}", "1")


@pytest.mark.parametrize("status", [204, 299])
def test_any_2xx_delivers(status):
    with factories.receiver(factories.answering(f"HTTP/1.1 {status} X\r\n\r\n".encode())) as receiver:
        assert post(receiver.url).outcome == AttemptOutcome.DELIVERED


@pytest.mark.parametrize("status", [302, 307, 400, 410, 500])
def test_another_status_is_a_refusal_and_no_redirect_is_followed(status):
    with factories.receiver() as target:
        head = f"HTTP/1.1 {status} X\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n"
        with factories.receiver(factories.answering(head.encode())) as receiver:
            answer = post(receiver.url)
        assert (answer.outcome, answer.status) == (AttemptOutcome.REFUSED, status)
        assert (len(receiver.requests), target.connections) == (1, 0)


@pytest.mark.parametrize("answering", [factories.hang, factories.drip])
def test_a_receiver_that_does_not_end_its_answer_is_left(answering, monkeypatch):
    monkeypatch.setattr(transport, "SECONDS_MAX", 0.6)
    started = time.monotonic()
    with factories.receiver(answering) as receiver:
        answer = post(receiver.url)
    assert (answer.outcome, answer.status) == (AttemptOutcome.TIMED_OUT, None)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20_000,
        b"",
    ],
)
def test_an_answer_that_is_not_http_or_too_long_is_recorded_as_such(data):
    with factories.receiver(factories.answering(data)) as receiver:
        assert post(receiver.url).outcome in (AttemptOutcome.NOT_HTTP, AttemptOutcome.NOT_CONNECTED)


def test_what_follows_the_headers_is_not_read():
    def flood(connection, _request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            connection.sendall(b"x" * 65_536)

    started = time.monotonic()
    with factories.receiver(flood) as receiver:
        assert post(receiver.url).outcome == AttemptOutcome.DELIVERED
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1"])
def test_a_host_on_this_machine_is_refused_and_not_connected_to(host):
    with factories.receiver() as receiver:
        answer = post(f"http://{host}:{receiver.port}/", local=False)
    assert (answer.outcome, answer.status) == (AttemptOutcome.NOT_GLOBAL, None)
    assert receiver.connections == 0


def test_a_name_without_address_and_a_closed_port_are_told_apart():
    assert post("http://nobody.invalid/").outcome == AttemptOutcome.NOT_RESOLVED
    with factories.receiver() as receiver:
        pass
    assert post(receiver.url).outcome == AttemptOutcome.NOT_CONNECTED


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server context whose certificate is for ``localhost`` only, and which this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(tz=UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_tls_is_verified_for_the_name_in_the_url(certificate, monkeypatch):
    with factories.receiver(tls=certificate) as receiver:
        assert post(receiver.url).outcome == AttemptOutcome.DELIVERED
        assert post(f"https://127.0.0.1:{receiver.port}/").outcome == AttemptOutcome.NOT_TRUSTED
        monkeypatch.delenv("SSL_CERT_FILE")
        assert post(receiver.url).outcome == AttemptOutcome.NOT_TRUSTED
    assert len(receiver.requests) == 1
