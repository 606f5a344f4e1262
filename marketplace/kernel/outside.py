"""Outside work: with files, mail, networks and programs. It has no bound that the market sets, so no transaction does it.

While a transaction waits for a disk or a stranger's server, it holds its locks and the commit horizon, and no event of
the market passes the relay.
"""

from __future__ import annotations

from django.db import connection


class OutsideWorkInTransaction(RuntimeError):
    """Outside work was begun inside a transaction. Do it before, or in a job (``marketplace.jobs``)."""


def require_no_transaction(work: str) -> None:
    """Raise OutsideWorkInTransaction inside a transaction; ``work`` names what was begun.

    The transaction in which a test runs does not count.
    """
    # Django marks the blocks that its test cases open, and excepts them from `durable` in the same way.
    if any(not block._from_testcase for block in connection.atomic_blocks):  # type: ignore[attr-defined]
        raise OutsideWorkInTransaction(work)
