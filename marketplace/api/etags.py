"""Entity tags of rows that two people may edit: the version of the row."""

from __future__ import annotations

import re

from rest_framework.request import Request

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

HEADER = "If-Match"
_TAG = re.compile(r'(?:W/)?"(\d{1,9})"')


def etag_of(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def stated_version(request: Request, stated: int | None) -> int:
    """The version that the caller read: that of If-Match, or else ``stated`` in the body. Raises FieldInvalid without one."""
    tag = _TAG.fullmatch(request.headers.get(HEADER, "").strip())
    if tag:
        return int(tag[1])
    if stated is None:
        raise FieldInvalid(
            "version",
            Label(
                "state the version that you read, or send its ETag as If-Match",
                "確認した版を version で指定するか、その ETag を If-Match で送信してください",
            ),
        )
    return stated
