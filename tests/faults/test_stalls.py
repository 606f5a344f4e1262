"""A session that stalls, or waits, is not left alone for ever."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.parametrize("limit", ["idle_in_transaction_session_timeout", "lock_timeout"])
def test_every_session_of_the_market_has_its_limits(limit, db):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {limit}")
        assert cursor.fetchone() == ("1min",)
