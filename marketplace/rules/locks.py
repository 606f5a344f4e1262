"""Locks of the rule layer, held until the transaction ends: shared by who relies on something, alone by who changes it.

Who changes it waits for those under way, and who comes later waits for the change: of the two, one is before.
"""

from __future__ import annotations

from django.db import connection

RULEBOOK_LOCK = 5_301_010
"""Shared by decisions, held alone by a publication."""

TRADING_LOCK = 5_301_020
"""Shared by who begins or concludes a trade, held alone by a halt and by its end."""


def share(lock: int) -> None:
    """Rely on what ``lock`` guards, together with others."""
    _take("pg_advisory_xact_lock_shared", lock)


def hold_alone(lock: int) -> None:
    """Change what ``lock`` guards, once nobody relies on it any more."""
    _take("pg_advisory_xact_lock", lock)


def _take(function: str, lock: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [lock])
