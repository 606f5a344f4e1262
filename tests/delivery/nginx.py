"""The documented proxy, run for real. Without Django, so that a program in another network can use it."""

from __future__ import annotations

import contextlib
import datetime
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from marketplace.runtime.ports import free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
START_SECONDS_MAX = 10


def kept_by_proxy() -> int:
    """Bytes of an answer that the proxy and its kernel keep for a client, beside what the proxy has not read yet.

    Linux doubles the size of a socket's buffer that a program names (socket(7)).
    """
    text = CONFIGURATION.read_text(encoding="utf-8")
    (for_client,), (read,) = (
        re.findall(pattern, text) for pattern in (r"sndbuf=(\d+)k", r"proxy_buffer_size (\d+)k")
    )
    return (2 * int(for_client) + int(read)) * 1024


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
