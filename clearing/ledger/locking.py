"""The lock order of balances; it prevents deadlock.

A statement that posts locks the balances that it touches in the order of their accounts. Whoever posts for many
participants in more than one statement acquires ``MOVER_LOCK`` first, and locks what it will touch.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

_LOCK = """
    SELECT account_id, balance_minor FROM clearing_balance WHERE account_id = ANY(%s::bigint[])
     ORDER BY account_id FOR NO KEY UPDATE
"""


def lock_balances(account_ids: Iterable[int]) -> dict[int, int]:
    """Balances of accounts, locked in the order of their accounts; accounts that keep none are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(account_ids)])
        return dict(cursor.fetchall())
