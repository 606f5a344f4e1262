"""Business time can be moved forward where the market allows it, stands still or runs, and never goes back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.kernel import clock
from marketplace.kernel.models import Clock

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_time_stands_still_where_it_was_put():
    clock.move_to(NOON, running=False)
    assert clock.now() == NOON
    assert clock.today().isoformat() == "2030-04-01"


@pytest.mark.django_db
def test_time_runs_on_from_where_it_was_put():
    clock.move_to(NOON)
    assert timedelta() <= clock.now() - NOON < timedelta(minutes=5)


@pytest.mark.django_db
def test_time_never_goes_back():
    clock.move_to(NOON, running=False)
    with pytest.raises(clock.ClockBackwards):
        clock.move_to(NOON - timedelta(seconds=1))
    assert clock.now() == NOON


@pytest.mark.django_db
def test_a_real_market_runs_on_real_time(settings):
    settings.CLOCK_MOVABLE = False
    with pytest.raises(clock.ClockFixed):
        clock.move_to(NOON)
    assert Clock.objects.count() == 0
    assert abs(clock.now() - clock.real_now()) < timedelta(seconds=5)


@pytest.mark.django_db
def test_the_business_date_is_that_of_the_market():
    assert clock.business_date(datetime(2026, 11, 30, 15, 30, tzinfo=UTC)).isoformat() == "2026-12-01"


@pytest.mark.django_db
def test_the_database_keeps_one_clock():
    clock.move_to(NOON, running=False)
    with (
        pytest.raises(IntegrityError, match="clock_single"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO kernel_clock (id, business_anchor, real_anchor, running) VALUES (2, now(), now(), true)"
        )
