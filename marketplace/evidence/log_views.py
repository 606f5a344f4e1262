"""The public log as C2SP ``tlog-tiles`` says: the newest checkpoint, tiles of hashes, and bundles of entries.

Everybody reads it, without a credential and by any client of that specification. It has commitments only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt

from marketplace.api.edge import serve_alike
from marketplace.api.problems import explain
from marketplace.kernel.canonical import canonical_json

from . import public_log, timestamps
from .keys import public_keys
from .log_paths import read_tile_path

FOREVER: Final = "public, max-age=31536000, immutable"
BRIEFLY: Final = "public, max-age=10"
READING: Final = ("GET", "HEAD")
PROGRAMS: Final = Path(__file__).parents[2] / "verification"
NO_TIMESTAMP: Final = "none: the log has no such timestamp"
SIZES_END: Final = 2**63

View = Callable[..., HttpResponse]


def public_read(view: View) -> Any:
    """A view that everybody reads: the same in every language, from pages of any origin, and again only if it changed."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, **captured: Any) -> HttpResponse:
        if request.method not in READING:
            refused = HttpResponseNotAllowed(READING)
            explain(refused)
            return refused
        found: HttpResponse = serve_alike(view(request, **captured))
        found["Access-Control-Allow-Origin"] = "*"
        if found.status_code != HTTPStatus.OK:
            return found
        found["ETag"] = f'"{hashlib.sha256(found.content).hexdigest()}"'
        conditional = get_conditional_response(request, etag=found["ETag"], response=found)
        return found if conditional is None else serve_alike(conditional)

    return answer


@public_read
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The signed note of the newest checkpoint."""
    note = public_log.newest_note()
    if note is None:
        return _missing("no checkpoint was signed yet")
    return _answer(note.encode(), "text/plain; charset=utf-8", BRIEFLY)


@public_read
def tile(_request: HttpRequest, place: str) -> HttpResponse:
    """A tile of hashes, or a bundle of entries; neither ever changes."""
    wanted = read_tile_path(place)
    content = public_log.read(wanted) if wanted else None
    if content is None:
        return _missing("the log has no such tile yet")
    return _answer(content, "application/octet-stream", FOREVER)


@public_read
def keys(_request: HttpRequest) -> HttpResponse:
    """The history of the market's keys (JWK set), as programs follow it: each with the statement that hands over to it."""
    return _answer(canonical_json(public_keys()), "application/json", BRIEFLY)


@public_read
def stamped(_request: HttpRequest) -> HttpResponse:
    """The note that was timestamped last, as it was: with the market's signature, without cosignatures."""
    found = timestamps.newest_stamped()
    if found is None:
        return _missing(NO_TIMESTAMP)
    return _answer(timestamps.stamped_bytes(found), "text/plain; charset=utf-8", BRIEFLY)


@public_read
def timestamp(_request: HttpRequest, size: int) -> HttpResponse:
    """The authority's answer about the checkpoint of ``size`` leaves (RFC 3161 TimeStampResp, DER); it never changes."""
    found = timestamps.answer_about(size) if size < SIZES_END else None
    if found is None:
        return _missing(NO_TIMESTAMP)
    return _answer(found, "application/timestamp-reply", FOREVER)


@public_read
def authority(_request: HttpRequest) -> HttpResponse:
    """The certificates that the market pins of its timestamp authority; compare them with the authority's own."""
    found = timestamps.published_certificates()
    if found is None:
        return _missing("none: the market has no timestamp authority")
    return _answer(found, "application/x-pem-file", BRIEFLY)


@public_read
def program(_request: HttpRequest, name: str) -> HttpResponse:
    """A program for outsiders: the verifier, the witness or the replayer."""
    return _answer(_read_program(name), "text/x-python; charset=utf-8", BRIEFLY)


@cache
def _read_program(name: str) -> bytes:
    return (PROGRAMS / name).read_bytes()


def _answer(content: bytes, content_type: str, caching: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Cache-Control": caching, "X-Content-Type-Options": "nosniff"},
    )


def _missing(why: str) -> HttpResponse:
    return HttpResponse(
        f"{why}\n",
        status=HTTPStatus.NOT_FOUND,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
