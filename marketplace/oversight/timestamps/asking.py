"""Asks the timestamp authority, over HTTP (RFC 3161 section 3.4): bounded in time and size, without redirects."""

from __future__ import annotations

import http.client
import ssl
from http import HTTPStatus
from urllib.parse import urlsplit

from marketplace.evidence.timestamp_errors import TimestampRefused
from marketplace.evidence.timestamp_models import ANSWER_BYTES_MAX
from marketplace.kernel.outside import require_no_transaction

ASKED = "application/timestamp-query"
ANSWERED = "application/timestamp-reply"


def ask_authority(url: str, question: bytes, *, seconds_max: float) -> bytes:
    """What the authority at ``url`` answers to a TimeStampReq, if it never says nothing for more than ``seconds_max``.

    The attempt as a whole is limited by its kind of job. Raises TimestampRefused.
    """
    require_no_transaction("asking a timestamp authority")
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=seconds_max)
        try:
            connection.request("POST", target, question, {"Content-Type": ASKED, "Connection": "close"})
            answer = connection.getresponse()
            status, media_type = answer.status, answer.headers.get_content_type()
            content = answer.read(ANSWER_BYTES_MAX + 1)
        finally:
            connection.close()
    except (OSError, ssl.SSLError, http.client.HTTPException, ValueError) as error:
        raise TimestampRefused("unreachable", f"{parts.hostname}: {error!r}") from error
    if status != HTTPStatus.OK:
        raise TimestampRefused("unreachable", f"{parts.hostname} answered {status}")
    if len(content) > ANSWER_BYTES_MAX:
        raise TimestampRefused("too_large", f"{parts.hostname} answered more than {ANSWER_BYTES_MAX} bytes")
    if media_type != ANSWERED:
        raise TimestampRefused("unreadable", f"{parts.hostname} answered {media_type}, not {ANSWERED}")
    return content
