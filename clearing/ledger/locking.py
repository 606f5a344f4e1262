"""In which order balances are locked, so that nobody waits for somebody who waits for him.

A statement that posts locks the balances that it touches in the order of their accounts. Whoever posts for many
participants in more than one statement takes ``one_mover_at_a_time`` first, and locks what it will touch.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

MOVER_LOCK = 5_301_011

_LOCK = """
    SELECT account_id, balance_minor FROM clearing_balance WHERE account_id = ANY(%s::bigint[])
     ORDER BY account_id FOR NO KEY UPDATE
"""


def one_mover_at_a_time() -> None:
    """Wait until nobody else moves the money of many, and keep others waiting until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MOVER_LOCK])


def lock_balances(account_ids: Iterable[int]) -> dict[int, int]:
    """Balances of accounts, locked in the order of their accounts; accounts that keep none are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(account_ids)])
        return dict(cursor.fetchall())
