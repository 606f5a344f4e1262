"""The transaction horizon: every transaction before it has ended, so the order of commits before it is final."""

from __future__ import annotations

from django.db import connection

# The oldest transaction that the server's snapshot shows as running and that is not known to belong to another database.
# A transaction that ended after the snapshot cannot be looked up and counts as running, so the horizon is conservative.
HORIZON = """
    WITH taken AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot)
    SELECT coalesce(
        (SELECT min(running.transaction) FROM pg_snapshot_xip(taken.snapshot) AS running (transaction)
          WHERE NOT EXISTS (
              SELECT FROM pg_locks AS held JOIN pg_stat_activity AS session ON session.pid = held.pid
               WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.granted
                 AND held.transactionid = running.transaction::xid
                 AND session.datname <> current_database())),
        pg_snapshot_xmax(taken.snapshot))::text
      FROM taken
"""


def horizon() -> int:
    """A transaction identifier: every transaction of this database with a smaller one has ended.

    Read what those transactions wrote only after this call. Identifiers are shared by the server's databases, but a
    long transaction in another database does not hold the horizon back.
    """
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        return int(cursor.fetchone()[0])
