"""Up to where the order of commits is settled: no transaction older than the horizon can still commit here."""

from __future__ import annotations

from django.db import connection

# In progress in this server's snapshot, and not known to belong to another database of it. What has ended since the
# snapshot was taken cannot be looked up any more and counts as in progress: the horizon errs on the safe side.
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
    """Every transaction of this database with a smaller identifier has ended. Read what it wrote after this call.

    Identifiers are the server's; a transaction that runs long in a neighbour database does not hold this one back.
    """
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        return int(cursor.fetchone()[0])
