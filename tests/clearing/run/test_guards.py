"""The database's guards of alarms, tried by raw SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clearing import tasks
from clearing.models import Cycle, CycleAlarm
from marketplace.kernel import clock

from ..factories import THREE
from ..raw import refused, run


def test_an_alarm_is_kept_and_ended_once(market_cut_off):
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
