"""The market, as its own role, sees who of any role holds its events back."""

from __future__ import annotations

import time

import psycopg

from marketplace.kernel.metrics import GAUGES
from tests.roles import owner_url


def test_a_transaction_of_another_role_is_seen_with_its_age(committed_database):
    with psycopg.connect(owner_url(), application_name="a_report") as session:
        session.execute("SELECT pg_current_xact_id()")
        time.sleep(0.2)
        holders = GAUGES["database_horizon_holder_seconds"].samples()
        oldest = GAUGES["database_oldest_transaction_seconds"].samples()
        assert [(name, seconds >= 0.2) for (name, _), seconds in holders.items()] == [("a_report", True)]
        assert oldest[()] >= 0.2
