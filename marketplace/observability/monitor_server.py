"""A small HTTP server in workers and beat, which serve nobody else, for probes and metrics."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from .probes import PATHS, answer_probe, is_trusted

logger = logging.getLogger(__name__)

REQUEST_SECONDS_MAX = 5


class ProbeHandler(BaseHTTPRequestHandler):
    """Answers the probes' paths, and nothing else. The market's gauges are the web process's to show."""

    timeout = REQUEST_SECONDS_MAX
    server_version = "sanpo"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer a probe, and give back the thread's database connection."""
        address = urlsplit(self.path)
        if address.path not in PATHS:
            self.send_error(404)
            return
        try:
            answer = answer_probe(
                path=address.path,
                query=address.query,
                is_trusted=is_trusted(
                    authorization=self.headers.get("Authorization", ""),
                    peer=self.client_address[0],
                    is_forwarded=False,
                ),
                with_gauges=False,
            )
        finally:
            connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base names it
        """Log at debug: probes come every few seconds."""
        logger.debug(format, *arguments)


def serve_probes() -> ThreadingHTTPServer | None:
    """Serve probes in a thread on ``MONITOR_ADDRESS`` and ``MONITOR_PORT``; None where no port is set.

    Raises OSError if the port is taken.
    """
    if not settings.MONITOR_PORT:
        return None
    server = ThreadingHTTPServer((settings.MONITOR_ADDRESS, settings.MONITOR_PORT), ProbeHandler)
    logger.info("probes and metrics at http://%s:%s", *server.server_address[:2])
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server
