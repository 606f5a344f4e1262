"""Business time can be moved forward where the market allows it, stands still or runs, and never goes back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse

from marketplace.kernel import clock
from marketplace.kernel.middleware import read_clock_once
from marketplace.kernel.models import Clock

pytestmark = pytest.mark.usefixtures("every_reading")
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
def test_a_stopped_clock_runs_on_from_what_it_shows():
    clock.move_to(NOON, running=False)
    clock.let_run()
    assert timedelta() <= clock.now() - NOON < timedelta(minutes=5)
    assert Clock.objects.get().running


@pytest.mark.django_db
def test_a_running_clock_is_let_run_without_a_change():
    clock.move_to(NOON)
    before = Clock.objects.values().get()
    clock.let_run()
    assert Clock.objects.values().get() == before


@pytest.mark.django_db
def test_a_real_market_runs_on_real_time(settings):
    settings.CLOCK_MOVABLE = False
    with pytest.raises(clock.ClockFixed):
        clock.move_to(NOON)
    with pytest.raises(clock.ClockFixed):
        clock.let_run()
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


@pytest.mark.django_db
def test_a_unit_of_work_reads_the_clock_once(django_assert_num_queries):
    clock.move_to(NOON, running=False)
    with django_assert_num_queries(1), clock.read_once():
        assert clock.now() == NOON
        with clock.read_once():
            assert clock.now() == NOON
        assert clock.today().isoformat() == "2030-04-01"
    with django_assert_num_queries(2):
        clock.now()
        clock.now()


@pytest.mark.django_db
def test_a_unit_of_work_sees_its_own_move_and_time_runs_on():
    clock.move_to(NOON, running=False)
    with clock.read_once():
        assert clock.now() == NOON
        clock.move_to(NOON + timedelta(days=1))
        first = clock.now()
        assert timedelta() < clock.now() - first < timedelta(minutes=5)
        assert first.date() == (NOON + timedelta(days=1)).date()


@pytest.mark.django_db
def test_another_unit_of_work_sees_a_move():
    clock.move_to(NOON, running=False)
    with clock.read_once():
        clock.now()
    Clock.objects.update(business_anchor=NOON + timedelta(days=2))
    with clock.read_once():
        assert clock.now() == NOON + timedelta(days=2)


@pytest.mark.django_db
def test_a_request_reads_the_clock_once(rf, django_assert_num_queries):
    clock.move_to(NOON, running=False)

    def answer(request):
        return HttpResponse(f"{clock.now()} {clock.now()}")

    with django_assert_num_queries(1):
        assert read_clock_once(answer)(rf.get("/")).content.decode() == f"{NOON} {NOON}"
