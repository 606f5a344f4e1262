"""Queries on commissioned work, for other applications too."""

from __future__ import annotations

from django.db import connection

from .errors import ReducedWithoutFault


def is_reducible(agreement: str) -> bool:
    """Whether the price of an agreement (public identifier) may be reduced: no law protects its seller, or a fault is recorded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.is_reducible(%s)", [agreement])
        return bool(cursor.fetchone()[0])


def require_reducible(agreement: str) -> None:
    """Raise ReducedWithoutFault unless the price of an agreement may be reduced."""
    if not is_reducible(agreement):
        raise ReducedWithoutFault(agreement=agreement)
