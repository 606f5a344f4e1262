"""A transmission as an HTTP response, with its digest (RFC 9530), entity tag and file name."""

from __future__ import annotations

from base64 import b64encode

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from .services import Transmission


def content_digest(*, sha256: str, sha512: str) -> str:
    """The ``Content-Digest`` field of hexadecimal hashes: byte sequences in Base64 between colons (RFC 9530)."""
    values = {"sha-256": sha256, "sha-512": sha512}
    return ", ".join(f"{name}=:{b64encode(bytes.fromhex(value)).decode()}:" for name, value in values.items())


def streaming_response(transmission: Transmission) -> StreamingHttpResponse:
    """The file in chunks, without a Content-Length.

    So the receiver sees the end only after the download is recorded as finished; with a length it would know earlier,
    and could report a hash before there is one to compare. A missing last chunk marks a broken transfer (RFC 9112,
    section 7.1).
    """
    response = StreamingHttpResponse(transmission, content_type=transmission.media_type)
    response["Content-Digest"] = content_digest(sha256=transmission.sha256, sha512=transmission.sha512)
    response["ETag"] = f'"{transmission.sha256}"'
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=transmission.file_name) or "attachment"
    )
    response["Cache-Control"] = "private, no-store"
    return response
