"""Cursor pagination, newest first; stable while rows are added."""

from __future__ import annotations

import re
from typing import Any

from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from marketplace.kernel.labels import Label

PAGE_SIZE_MAX = 200
POSITION_MAX = 2**63 - 1
POSITION = re.compile(r"-?[0-9]{1,19}")
CURSOR_INVALID = Label(
    "The cursor is none of this list. Follow `next` from the first page.",
    "このカーソルは無効です。先頭ページから next をたどってください。",
)
PAGE_SIZE_INVALID = Label(
    f"Give a whole number from 1; a page has {PAGE_SIZE_MAX} rows at most.",
    f"1以上の整数を指定してください。1ページは最大{PAGE_SIZE_MAX}件です。",
)


class MarketCursorPagination(CursorPagination):
    """Pages of ``page_size`` (50 by default, 200 at most) by descending key, which is a whole number in every list."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = PAGE_SIZE_MAX

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the request. Raises NotFound for one that the market did not make."""
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except NotFound:
            raise NotFound(CURSOR_INVALID.localized()) from None
        position: Any = cursor.position if cursor is not None else None
        if position is not None:
            is_whole = POSITION.fullmatch(position) is not None
            if not is_whole or abs(int(position)) > POSITION_MAX:
                raise NotFound(CURSOR_INVALID.localized())
        return cursor

    def get_page_size(self, request: Request) -> int | None:
        """The rows of a page. Raises ValidationError for what is no number from 1."""
        asked: Any = request.query_params.get(self.page_size_query_param)
        if asked is not None and not re.fullmatch("0*[1-9][0-9]{0,8}", asked):
            detail = ErrorDetail(PAGE_SIZE_INVALID.localized(), "invalid")
            raise ValidationError({self.page_size_query_param: [detail]})
        size: int | None = super().get_page_size(request)
        return size
