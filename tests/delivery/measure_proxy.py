"""Measures what the documented proxy holds of an answer whose client stops reading; run in a network of its own.

``python -m tests.delivery.measure_proxy FOLDER RMEM SIZE``: with the sizes RMEM of receive buffers (``net.ipv4.tcp_rmem``).
Prints JSON: ``held``, the bytes that the sender saw acknowledged and that had reached neither the client nor its kernel,
by what the client had read; ``missing``, the bytes not acknowledged of an answer of SIZE of which nothing was read.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import socket
import ssl
import struct
import sys
import termios
import threading
import time
from pathlib import Path

from .nginx import proxy

RECEIVE_BUFFERS = Path("/proc/sys/net/ipv4/tcp_rmem")
# From linux/sockios.h and linux/if.h: set an interface's flags to up and running.
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41
BYTES_ACKED = struct.Struct("=120xQ")
LARGE_BYTES = 64 << 20
CHUNK = b"x" * 65_536
SETTLE_SECONDS = 1.0
REQUEST = b"GET /api/v1/deliveries/a/distributions/b/content/ HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Sender:
    """Answers each request with ``size`` bytes, and knows what was acknowledged of the last."""

    def __init__(self) -> None:
        """Listen."""
        self.size = LARGE_BYTES
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connection: socket.socket | None = None
        self._head_bytes = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def acknowledged(self) -> int:
        """Bytes of the last answer's body that the proxy's kernel has acknowledged."""
        assert self._connection is not None
        facts = self._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_ACKED.size)
        return int(BYTES_ACKED.unpack(facts)[0]) - self._head_bytes

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if not connection.recv(65_536):
                continue
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {self.size}\r\nX-Accel-Buffering: no\r\n\r\n".encode()
            self._connection, self._head_bytes = connection, len(head)
            with contextlib.suppress(OSError):
                connection.sendall(head)
                left = self.size
                while left:
                    connection.sendall(CHUNK[:left])
                    left -= len(CHUNK[:left])


def stop_after(count: int, port: int, sender: Sender) -> tuple[int, int]:
    """Bytes acknowledged, and of them those that reached the client's host, when it has read ``count`` and stopped."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    plain.connect(("127.0.0.1", port))
    with context.wrap_socket(plain) as client:
        client.sendall(REQUEST)
        received = 0
        while received < count:
            received += len(client.recv(65_536))
        time.sleep(SETTLE_SECONDS)
        (waiting,) = struct.unpack("=i", fcntl.ioctl(client.fileno(), termios.FIONREAD, b"\0" * 4))
        return sender.acknowledged(), received + waiting


def main() -> None:
    """Set the buffers, measure, print."""
    folder, buffers, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control.fileno(), SIOCSIFFLAGS, struct.pack("=16sH14x", b"lo", IFF_UP_RUNNING))
    RECEIVE_BUFFERS.write_text(buffers)
    sender = Sender()
    with proxy(folder, web=sender.address, downloads=sender.address) as port:
        held = []
        for count in (0, 0, 1 << 20, 1 << 20, 4 << 20, 20 << 20):
            acknowledged, arrived = stop_after(count, port, sender)
            held.append(acknowledged - arrived)
        sender.size = size
        acknowledged, _ = stop_after(0, port, sender)
    print(json.dumps({"held": held, "missing": size - acknowledged}))


if __name__ == "__main__":
    main()
