"""What the buyer of an agreement may hold of the data, as delivery's functions in the database say."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def are_copies_sent(agreement: str) -> bool:
    """Whether anything of the data was sent under an agreement (public identifier)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.copies_sent(%s)", [agreement])
        return bool(cursor.fetchone()[0])


def access_began(agreement: str) -> datetime | None:
    """When access under an agreement was first granted; None if it never was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.access_began(%s)", [agreement])
        began: datetime | None = cursor.fetchone()[0]
    return began
