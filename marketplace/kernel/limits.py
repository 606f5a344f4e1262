"""Limits on the time of the application role's transactions, so that none holds back the others.

They are settings of the role in its database (``grant_application_role`` writes them), never options of a connection:
a pool in transaction mode passes no such options on. The owner role, which migrates and archives, has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

TRANSACTION_SECONDS_MAX = 15
"""The longest transaction. Events are relayed in the order of commits, so a longer one would hold all of them back."""

ROLE_LIMITS = {
    "transaction_timeout": f"{TRANSACTION_SECONDS_MAX}s",
    "statement_timeout": "10s",
    # Shorter than a statement may take, so that what waits for a lock says so.
    "lock_timeout": "5s",
    # A session whose process has stalled loses its transaction and what it locked, so that another takes over.
    "idle_in_transaction_session_timeout": "10s",
}

LIMIT_TRANSACTION = (
    "set_config('transaction_timeout', '0', true), set_config('transaction_timeout', %(limit)s, true)"
)
"""The SQL that gives the current transaction the limit ``limit`` from now on. PostgreSQL begins no timer while one runs,
so the role's is stopped first; otherwise it would stay in force, whatever the setting shows."""

READ_ONLY = "set_config('transaction_read_only', 'on', true)"
IDLE = "set_config('idle_in_transaction_session_timeout', %(limit)s, true)"
"""For a transaction that only reads: it locks nothing, and what it computes between two statements may take long."""


def allow_seconds(seconds: int) -> None:
    """Let the current transaction take up to ``seconds``, counted from now, and each of its statements too.

    Every use is a transaction that is known to be too long, with the reason beside it. Raises
    TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "a limit is changed within a transaction, and ends with it"
        )
    _set_limits(seconds)


@contextmanager
def reading_long(seconds: int) -> Iterator[None]:
    """A transaction that only reads and may take up to ``seconds``: it holds back no event, because it has no identifier."""
    with transaction.atomic():
        _set_limits(seconds, READ_ONLY, IDLE)
        yield


def _set_limits(seconds: int, *more: str) -> None:
    changes = ", ".join(["set_config('statement_timeout', %(limit)s, true)", LIMIT_TRANSACTION, *more])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {changes}", {"limit": f"{seconds}s"})
