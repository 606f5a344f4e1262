"""Cursor pagination, newest first; stable while rows are added."""

from rest_framework.pagination import CursorPagination


class MarketCursorPagination(CursorPagination):
    """Pages of ``page_size`` (50 by default, 200 at most) by descending key."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
