"""A timestamp authority on this machine: tokens are made by ``openssl ts``, certificates of its own, behaviour as told."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client import TimestampRequestBuilder
from rfc3161_client.base import HashAlgorithm

POLICY = "1.3.6.1.4.1.99999.1"
_CONFIGURATION = """
[tsa]
default_tsa = market
[market]
serial = {folder}/serial
signer_digest = sha256
default_policy = {policy}
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Signer:
    """Certificates and keys in a folder: an issuer, and a signer of timestamps that it issued."""

    def __init__(self, folder: Path, *, expired: bool = False) -> None:
        folder.mkdir()
        self.folder = folder
        now = datetime.now(UTC)
        issuer_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = _certificate("Test root", issuer_key, "Test root", issuer_key, now + timedelta(days=9))
        ends = now - timedelta(hours=1) if expired else now + timedelta(days=9)
        signer = _certificate("Test authority", key, "Test root", issuer_key, ends)
        self.root = issuer.public_bytes(serialization.Encoding.PEM)
        self.pinned = folder / "pinned.pem"
        self.pinned.write_bytes(signer.public_bytes(serialization.Encoding.PEM) + self.root)
        (folder / "signer.pem").write_bytes(signer.public_bytes(serialization.Encoding.PEM))
        (folder / "signer.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(_CONFIGURATION.format(folder=folder, policy=POLICY))

    def reply_at_another_time(self, question: bytes, off: timedelta) -> bytes:
        """An answer that is right but for its genTime, which is so much later: ``openssl cms`` signs the TSTInfo anew."""
        token, stated = self.folder / "token.der", self.folder / "stated.der"
        self.reply(question, "-token_out", answer=token)
        command = ["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", str(token), "-binary"]
        subprocess.run([*command, "-out", str(stated)], check=True, capture_output=True)
        # The one GeneralizedTime of 15 characters.
        before, found, after = re.split(rb"(?<=\x18\x0f)(\d{14}Z)", stated.read_bytes())
        moment = datetime.strptime(found.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC) + off
        stated.write_bytes(before + moment.strftime("%Y%m%d%H%M%SZ").encode() + after)
        command = ["openssl", "cms", "-sign", "-cades", "-nodetach", "-binary", "-md", "sha256"]
        command += ["-outform", "DER"]
        command += ["-econtent_type", "1.2.840.113549.1.9.16.1.4", "-in", str(stated), "-out", str(token)]
        command += ["-signer", str(self.folder / "signer.pem"), "-inkey", str(self.folder / "signer.key")]
        subprocess.run(command, check=True, capture_output=True)
        granted = b"\x30\x03\x02\x01\x00" + token.read_bytes()
        return b"\x30\x82" + len(granted).to_bytes(2) + granted

    def reply(self, question: bytes, *options: str, answer: Path | None = None) -> bytes:
        """What ``openssl ts`` answers to a TimeStampReq."""
        asked, answer = self.folder / "asked.tsq", answer or self.folder / "answer.tsr"
        asked.write_bytes(question)
        command = [
            "openssl",
            "ts",
            "-reply",
            "-config",
            str(self.folder / "ts.cnf"),
            "-queryfile",
            str(asked),
        ]
        command += ["-signer", str(self.folder / "signer.pem"), "-inkey", str(self.folder / "signer.key")]
        subprocess.run([*command, *options, "-out", str(answer)], check=True, capture_output=True)
        return answer.read_bytes()


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signed_by: ec.EllipticCurvePrivateKey,
    ends: datetime,
) -> x509.Certificate:
    is_root = name == issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=10))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    if not is_root:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signed_by, hashes.SHA256())


def another_question(content: bytes = b"another content") -> bytes:
    """A question with its own nonce."""
    builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
    return bytes(builder.build().as_bytes())


Behaviour = Callable[[bytes], tuple[int, str, bytes]]
"""Of the question: status, media type and body of the answer."""


class Authority:
    """Answers over HTTP; ``behave`` may be replaced, ``asked`` are the questions so far."""

    def __init__(self, signer: Signer) -> None:
        self.signer, self.asked, self.slowly = signer, list[bytes](), 0.0
        self.behave: Behaviour = lambda question: (200, "application/timestamp-reply", signer.reply(question))
        self.url = ""


@contextmanager
def serving(signer: Signer) -> Iterator[Authority]:
    """An authority that answers on a port of this machine."""
    authority = Authority(signer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            authority.asked.append(question)
            time.sleep(authority.slowly)
            status, media_type, body = authority.behave(question)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Location", authority.url)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # the market reads no more
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsa"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
