"""The transaction horizon: every transaction before it has ended, so the order of commits before it is final."""

from __future__ import annotations

from django.db import connection

# The oldest transaction that the server's snapshot shows as running and that is not known to belong to another database.
# A transaction that ended after the snapshot cannot be looked up and counts as running, so the horizon is conservative.
# The functions are what the views pg_locks and pg_stat_activity read; planning the views took most of the time.
HORIZON = """
    WITH taken AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot)
    SELECT coalesce(
        (SELECT min(running.transaction) FROM pg_snapshot_xip(taken.snapshot) AS running (transaction)
          WHERE NOT EXISTS (
              SELECT FROM pg_lock_status() AS held JOIN pg_stat_get_activity(NULL) AS session ON session.pid = held.pid
               WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.granted
                 AND held.transactionid = running.transaction::xid
                 AND session.datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))),
        pg_snapshot_xmax(taken.snapshot))::text
      FROM taken
"""

# No transaction that this statement sees, its own included, has a higher identifier. Identifiers belong to one server and
# its physical copies: where data was moved by a logical dump, rows name transactions that the new server has not begun.
NEWEST_TRANSACTION = "greatest(pg_snapshot_xmax(pg_current_snapshot()), pg_current_xact_id_if_assigned())"


def horizon() -> int:
    """A transaction identifier: every transaction of this database with a smaller one has ended.

    Read what those transactions wrote only after this call. Identifiers are shared by the server's databases, but a
    long transaction in another database does not hold the horizon back.
    """
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        return int(cursor.fetchone()[0])


def newest_transaction() -> int:
    """The highest transaction identifier that this server has begun, or the next one."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NEWEST_TRANSACTION}::text")
        return int(cursor.fetchone()[0])
