"""ETag and If-Match (RFC 9110) for resources that two people may edit."""

from __future__ import annotations

from rest_framework.request import Request

from marketplace.kernel.canonical import sha256_hex

from .problems import PreconditionFailed


def etag_of(*parts: object) -> str:
    """A strong entity tag over the values that change with the resource."""
    return f'"{sha256_hex("|".join(map(str, parts)).encode())[:32]}"'


def require_match(request: Request, current: str) -> None:
    """Raise PreconditionFailed if the request carries an If-Match that is not ``current``."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and current not in [tag.strip() for tag in wanted.split(",")] and wanted != "*":
        raise PreconditionFailed()
