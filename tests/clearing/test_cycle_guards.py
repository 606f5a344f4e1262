"""What the database refuses about the calendar of cycles and about alarms, whoever asks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clearing import services, tasks
from clearing.models import ClearingSchedule, ClosedDay, Cycle, CycleAlarm
from clearing.queries.calendars import cut_off_by_no_calendar
from marketplace.kernel import clock

from . import factories
from .test_guards import refused, run

THREE = datetime(2030, 4, 1, 15, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC)
NAME = {"ja": "休業", "en": "Closed"}


@pytest.fixture
def market(db):
    """A market whose first cycle was cut off at three by its calendar."""
    clock.move_to(THREE - timedelta(hours=1), running=False)
    made = factories.market()
    services.publish_clearing_schedule(
        actor=made.actor, currency="JPY", effective_from=date(2030, 4, 1), cut_off_times=[time(15)]
    )
    services.declare_closed_day(actor=made.actor, day=date(2030, 4, 9), name=NAME)
    clock.move_to(THREE, running=False)
    assert services.close_due_cycles() == 1
    return made


def test_a_cut_off_closes_one_cycle_that_was_open(market):
    closed = Cycle.objects.get(cut_off_at=THREE)
    clock.move_to(THREE + timedelta(hours=1), running=False)
    closing = "UPDATE clearing_cycle SET state = 'closing', barrier = '1', closed_at = %s, cut_off_at = %s WHERE id = %s"
    now = clock.now()
    refused(closing, now, THREE, market.cycle.pk, because="cycle_cut_off")
    refused(closing, now, now + timedelta(seconds=1), market.cycle.pk, because="cycle_cut_off")
    refused(
        "UPDATE clearing_cycle SET cut_off_at = %s WHERE id = %s",
        now,
        market.cycle.pk,
        because="when it is closed",
    )
    refused("UPDATE clearing_cycle SET cut_off_at = %s WHERE id = %s", now, closed.pk, because="recorded")
    refused("UPDATE clearing_cycle SET cut_off_at = NULL WHERE id = %s", closed.pk, because="recorded")
    by_hand = services.close_cycle(actor=market.actor, currency="JPY")
    refused(
        "UPDATE clearing_cycle SET cut_off_at = %s WHERE id = %s",
        now,
        by_hand.pk,
        because="when it is closed",
    )
    assert list(Cycle.objects.order_by("number").values_list("cut_off_at", flat=True)) == [THREE, None, None]


def test_one_cut_off_is_named_by_one_cycle(market):
    refused(
        "INSERT INTO clearing_cycle (public_id, currency, number, business_key, state, epoch, opened_at, cut_off_at)"
        " VALUES ('cyc_raw', 'JPY', 3, 'raw', 'open', 0, now(), %s)",
        THREE,
        because="cycle_cut_off|cycle_one_open",
    )
    assert Cycle.objects.count() == 2


def test_what_was_published_of_the_calendar_is_kept(market):
    for table, column in (("clearing_clearingschedule", "currency"), ("clearing_closedday", "currency")):
        refused(f"UPDATE {table} SET {column} = 'USD'", because="append-only")
        refused(f"DELETE FROM {table}", because="append-only")
    schedule = (
        "INSERT INTO clearing_clearingschedule (public_id, currency, effective_from, cut_off_times, value_days,"
        " overdue_minutes, active, stated_at) VALUES ('sch_raw', %s, now(), %s::time[], %s, %s, %s, now())"
    )
    refused(schedule, "JPY", [], 1, None, True, because="schedule_has_cut_offs")
    refused(schedule, "yen", ["15:00"], 1, None, True, because="schedule_currency")
    refused(schedule, "JPY", ["15:00"], 31, None, True, because="schedule_limits")
    refused(schedule, "JPY", ["15:00"], 1, 0, True, because="schedule_limits")
    day = (
        "INSERT INTO clearing_closedday (public_id, day, currency, closed, name, stated_at)"
        " VALUES ('cld_raw', now(), %s, true, %s, now())"
    )
    refused(day, "yen", '{"ja": "x", "en": "y"}', because="closed_day_currency")
    refused(day, "", '{"ja": "x"}', because="closed_day_name")
    assert (ClearingSchedule.objects.count(), ClosedDay.objects.count()) == (1, 1)


def test_a_cut_off_that_was_none_is_noticed(market):
    assert cut_off_by_no_calendar() == []
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE clearing_cycle DISABLE TRIGGER USER")
    run("UPDATE clearing_cycle SET cut_off_at = cut_off_at - interval '1 minute' WHERE number = 1")
    run("ALTER TABLE clearing_cycle ENABLE TRIGGER USER")
    assert cut_off_by_no_calendar() == [
        {"cycle": Cycle.objects.get(number=1).business_key, "cut_off_at": "2030-04-01T05:59:00+00:00"}
    ]


def test_an_alarm_is_kept_and_ended_once(market):
    cycle = Cycle.objects.get(number=1)
    clock.move_to(THREE + timedelta(hours=2), running=False)
    assert tasks.watch() == 1
    alarm = (
        "INSERT INTO clearing_cyclealarm (cycle_id, reason, since, raised_at, ended_at)"
        " VALUES (%s, %s, now(), now(), %s)"
    )
    refused(alarm, cycle.pk, "slow", None, because="cycle_alarm_once")
    refused(alarm, cycle.pk, "not_closed", datetime(2020, 1, 1, tzinfo=UTC), because="cycle_alarm_ended")
    refused("UPDATE clearing_cyclealarm SET reason = 'not_closed'", because="cannot be changed")
    refused("DELETE FROM clearing_cyclealarm", because="are kept")
    run("UPDATE clearing_cyclealarm SET ended_at = raised_at")
    refused("UPDATE clearing_cyclealarm SET ended_at = NULL", because="recorded")
    assert CycleAlarm.objects.count() == 1
