"""The public log as C2SP ``tlog-tiles`` says: the newest checkpoint, tiles of hashes, and bundles of entries.

Everybody reads it, without a credential and by any client of that specification. It has commitments only.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from . import public_log
from .log_paths import read_tile_path

FOREVER: Final = "public, max-age=31536000, immutable"
BRIEFLY: Final = "public, max-age=10"
PROGRAMS: Final = Path(__file__).parents[2] / "verification"


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The signed note of the newest checkpoint."""
    note = public_log.newest_note()
    if note is None:
        return _missing("no checkpoint was signed yet")
    return _answer(note.encode(), "text/plain; charset=utf-8", BRIEFLY)


@require_safe
def tile(_request: HttpRequest, place: str) -> HttpResponse:
    """A tile of hashes, or a bundle of entries; neither ever changes."""
    wanted = read_tile_path(place)
    content = public_log.read(wanted) if wanted else None
    if content is None:
        return _missing("the log has no such tile yet")
    return _answer(content, "application/octet-stream", FOREVER)


@require_safe
def program(_request: HttpRequest, name: str) -> HttpResponse:
    """A program for outsiders: the verifier or the witness, each one file."""
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
