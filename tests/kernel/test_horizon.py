"""The horizon stands before every running transaction of this database."""

import threading

from django.db import connection, transaction

from marketplace.kernel.horizon import horizon


def test_the_horizon_stands_before_a_transaction_of_this_database(committed_database):
    began, may_end, seen = threading.Event(), threading.Event(), []

    def slow() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text")
            seen.append(int(cursor.fetchone()[0]))
            began.set()
            may_end.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(10)
    assert horizon() <= seen[0]
    may_end.set()
    thread.join(10)
    assert horizon() > seen[0]
