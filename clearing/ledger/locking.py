"""Lock order of balances; prevents deadlock.

A statement that posts locks the balances it moves in the order of their accounts. A transaction that posts for many
participants in several statements acquires ``MOVER_LOCK`` first and then locks all balances it will move.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

_LOCK = """
    SELECT account_id, balance_minor FROM clearing_balance WHERE account_id = ANY(%s::bigint[])
     ORDER BY account_id FOR NO KEY UPDATE
"""


def lock_balances(account_ids: Iterable[int]) -> dict[int, int]:
    """Lock balances in the order of their accounts and return them; skips accounts without a balance."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(account_ids)])
        return dict(cursor.fetchall())
