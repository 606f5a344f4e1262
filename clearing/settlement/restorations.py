"""Reads restorations: their number, and the currencies in which sending is shut."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from .models import ClientAccount, Restoration, SendingOpening


def newest_restoration() -> Restoration | None:
    """The newest restoration of the database; None if it was never restored."""
    return Restoration.objects.order_by("-number").first()


def restoration_number() -> int:
    """How often the database was restored."""
    newest = newest_restoration()
    return newest.number if newest else 0


def next_restoration_number() -> int:
    """The number of a restoration that is recorded now; no earlier one ever had it.

    A restoration to a moment before an earlier one has lost that one's row. The server's timeline is not lost: each
    recovery from the archive begins the next one, the first of them the second.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
        timeline = int(str(cursor.fetchone()[0])[:8], 16)
    return max(restoration_number() + 1, timeline - 1)


def restoration_that_shuts(currency: str) -> Restoration | None:
    """The restoration for which payments in ``currency`` are not sent; None if they are sent."""
    return shut_currencies([currency]).get(currency)


def shut_currencies(currencies: list[str]) -> dict[str, Restoration]:
    """Those of ``currencies`` in which nothing is sent, with the restoration for which."""
    newest = newest_restoration()
    if newest is None:
        return {}
    opened = set(SendingOpening.objects.filter(restoration=newest).values_list("currency", flat=True))
    return {currency: newest for currency in currencies if currency not in opened}


def paying_currencies() -> list[str]:
    """Currencies that have a client account, sorted."""
    rows: QuerySet[ClientAccount] = ClientAccount.objects.order_by("currency")
    return list(rows.values_list("currency", flat=True).distinct())
