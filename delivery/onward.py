"""What a buyer may not pass on through the market: files that were delivered to it, and data drawn from them."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from listings.onward import OnwardTransfer


def barred_by(organisation_id: int, hashes: Collection[str], source: str) -> str | None:
    """The agreement under which an organisation (database key) received a file with one of these hashes (SHA-256), or that ``source``
    names by itself, its listing or version, and whose signed plan enforces that nothing is passed on; None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.onward_transfer_barred(%s, %s, %s)", [organisation_id, list(hashes), source]
        )
        agreement: str | None = cursor.fetchone()[0]
    return agreement


OnwardTransfer(barred_by=barred_by)
