"""Lock order of balances; prevents deadlock.

A statement that posts locks the balances it moves in the order of their accounts. A transaction that posts for many
participants in several statements calls ``one_mover_at_a_time`` first and then locks all balances it will move.
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
    """Wait until no other transaction posts for many participants; keep others waiting until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MOVER_LOCK])


def lock_balances(account_ids: Iterable[int]) -> dict[int, int]:
    """Lock balances in the order of their accounts and return them; skips accounts without a balance."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(account_ids)])
        return dict(cursor.fetchall())
