"""What a row says about its own time is the clock's: backdated and postdated rows are refused by raw SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from marketplace.kernel import clock
from tests.roles import as_owner, assert_refused

pytestmark = pytest.mark.django_db

LATE = "a moment is not that of the clock"
FINISHED_MONTH = (
    "INSERT INTO clearing_statementmonth (currency, month, until, statements, made_at, made_on)"
    " VALUES (%s, '2026-01-01', '2026-02-01', 0, {moment}, '2030-04-09')"
)
RESTORATION = (
    "INSERT INTO clearing_restoration (public_id, number, happened_at, recorded_by, recorded_at)"
    " VALUES (%s, 1, public.business_now(), 'usr_x', {moment})"
)


def insert(sql: str, moment: str, name: str = "XTS") -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(moment=moment), [name])
        return cursor.rowcount


@pytest.mark.parametrize("moved", [False, True], ids=["real time", "a clock that was moved"])
@pytest.mark.parametrize(
    "offset", ["- interval '6 minutes'", "+ interval '6 minutes'", "+ interval '73 years'"]
)
def test_a_moment_of_business_is_the_present(moved, offset, every_reading):
    if moved:
        clock.move_to(datetime(2030, 4, 1, tzinfo=UTC), running=False)
        # Long after the move only the present counts.
        with connection.cursor() as cursor:
            cursor.execute("UPDATE kernel_clock SET real_anchor = real_anchor - interval '1 hour'")
    assert_refused(lambda: insert(FINISHED_MONTH, f"public.business_now() {offset}"), because=LATE)
    assert insert(FINISHED_MONTH, "public.business_now()") == 1
    assert insert(FINISHED_MONTH, "public.business_now() - interval '4 minutes'", "XTL") == 1


@pytest.mark.parametrize("moment", ["public.business_now()", "clock_timestamp() - interval '6 minutes'"])
def test_what_was_recorded_is_real_time(moment):
    clock.move_to(datetime(2030, 4, 1, tzinfo=UTC), running=False)
    assert_refused(lambda: insert(RESTORATION, moment, "rst_raw"), because=LATE)
    assert insert(RESTORATION, "clock_timestamp()", "rst_raw") == 1


def test_a_moment_read_before_the_clock_was_moved_still_counts():
    """A process read the clock, another moved it by a year, and then the first writes."""
    read = clock.now()
    clock.move_to(datetime(2030, 4, 1, tzinfo=UTC), running=False)
    clock.move_to(datetime(2030, 4, 2, tzinfo=UTC), running=False)
    assert insert(FINISHED_MONTH, f"timestamptz '{read.isoformat()}'") == 1
    before = read - timedelta(minutes=6)
    assert_refused(lambda: insert(FINISHED_MONTH, f"timestamptz '{before.isoformat()}'", "XTB"), because=LATE)


def test_a_market_on_real_time_lets_nobody_move_the_clock_of_the_database(settings):
    settings.CLOCK_MOVABLE = False
    with as_owner():
        call_command("grant_application_role", settings.APPLICATION_ROLE)
    with pytest.raises(ProgrammingError, match="permission denied for table kernel_clock"):
        connection.cursor().execute(
            "INSERT INTO kernel_clock (id, business_anchor, real_anchor, running) VALUES (1, now(), now(), true)"
        )
