"""A file, or a part of it, as an HTTP answer: its fields, and its bytes as they are sent."""

from __future__ import annotations

from base64 import b64encode
from http import HTTPStatus

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from delivery.models import EntitledDistribution
from delivery.ranges import ByteRange
from delivery.services import Transmission
from marketplace.serving.responses import DispatchResponse


def digest_field(*, sha256: str, sha512: str) -> str:
    """A digest field of hexadecimal hashes: byte sequences in Base64 between colons (RFC 9530)."""
    values = {"sha-256": sha256, "sha-512": sha512}
    return ", ".join(f"{name}=:{b64encode(bytes.fromhex(value)).decode()}:" for name, value in values.items())


def entity_tag(covered: EntitledDistribution) -> str:
    """The strong entity tag of a file: its SHA-256."""
    return f'"{covered.sha256}"'


def sending_response(transmission: Transmission, part: ByteRange | None) -> HttpResponseBase:
    """The answer to GET: 200 with the whole file, 206 with ``part``."""
    covered = transmission.covered
    response = DispatchResponse(transmission, covered.media_type, _status(part))
    return _described(response, covered, part)


def describing_response(covered: EntitledDistribution, part: ByteRange | None) -> HttpResponseBase:
    """The answer to HEAD: what GET would answer, without the bytes."""
    response = HttpResponse(content_type=covered.media_type, status=_status(part))
    response["Content-Length"] = str(part.length if part else covered.size_bytes)
    return _described(response, covered, part)


def _status(part: ByteRange | None) -> HTTPStatus:
    return HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK


def _described(
    response: HttpResponseBase, covered: EntitledDistribution, part: ByteRange | None
) -> HttpResponseBase:
    digest = digest_field(sha256=covered.sha256, sha512=covered.sha512)
    response["Repr-Digest"] = digest
    if part is None:
        response["Content-Digest"] = digest
    else:
        response["Content-Range"] = f"bytes {part.first}-{part.end - 1}/{covered.size_bytes}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = entity_tag(covered)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=covered.file_name) or "attachment"
    )
    response["Cache-Control"] = "private, no-store"
    # A proxy that kept what the receiver has not taken would have it recorded as sent.
    response["X-Accel-Buffering"] = "no"
    return response
