"""The database's guards of the calendar, tried by raw SQL."""

from __future__ import annotations

from datetime import timedelta

from clearing.cycles.queries import cut_off_by_no_calendar
from clearing.models import ClearingSchedule, ClosedDay, Cycle
from clearing.run.services.cycles import close_cycle
from marketplace.kernel import clock
from tests.roles import unguarded

from ..factories import THREE
from ..raw import refused, run

NAME = {"ja": "休業", "en": "Closed"}


def test_a_cut_off_closes_one_cycle_that_was_open(market_cut_off):
    closed = Cycle.objects.get(cut_off_at=THREE)
    clock.move_to(THREE + timedelta(hours=1), running=False)
    closing = "UPDATE clearing_cycle SET state = 'closing', barrier = '1', closed_at = %s, cut_off_at = %s WHERE id = %s"
    now = clock.now()
    refused(closing, now, THREE, market_cut_off.cycle.pk, because="cycle_cut_off")
    refused(closing, now, now + timedelta(seconds=1), market_cut_off.cycle.pk, because="cycle_cut_off")
    refused(
        "UPDATE clearing_cycle SET cut_off_at = %s WHERE id = %s",
        now,
        market_cut_off.cycle.pk,
        because="when it is closed",
    )
    refused("UPDATE clearing_cycle SET cut_off_at = %s WHERE id = %s", now, closed.pk, because="recorded")
    refused("UPDATE clearing_cycle SET cut_off_at = NULL WHERE id = %s", closed.pk, because="recorded")
    by_hand = close_cycle(actor=market_cut_off.actor, currency="JPY")
    refused(
        "UPDATE clearing_cycle SET cut_off_at = %s WHERE id = %s",
        now,
        by_hand.pk,
        because="when it is closed",
    )
    assert list(Cycle.objects.order_by("number").values_list("cut_off_at", flat=True)) == [THREE, None, None]


def test_one_cut_off_is_named_by_one_cycle(market_cut_off):
    refused(
        "INSERT INTO clearing_cycle (public_id, currency, number, business_key, state, epoch, opened_at, cut_off_at)"
        " VALUES ('cyc_raw', 'JPY', 3, 'raw', 'open', 0, now(), %s)",
        THREE,
        because="cycle_cut_off|cycle_one_open",
    )
    assert Cycle.objects.count() == 2


def test_what_was_published_of_the_calendar_is_kept(market_cut_off):
    for table, column in (("clearing_clearingschedule", "currency"), ("clearing_closedday", "currency")):
        refused(f"UPDATE {table} SET {column} = 'USD'", because="append-only")
        refused(f"DELETE FROM {table}", because="append-only")
    schedule = (
        "INSERT INTO clearing_clearingschedule (public_id, currency, effective_from, cut_off_times, value_days,"
        " overdue_minutes, active, stated_at, stated_by, approval_id)"
        " VALUES ('sch_raw', %s, now(), %s::time[], %s, %s, %s, now(), 'usr_x', (SELECT max(id) FROM approvals_approval))"
    )
    refused(schedule, "JPY", [], 1, None, True, because="schedule_has_cut_offs")
    refused(schedule, "yen", ["15:00"], 1, None, True, because="schedule_currency")
    refused(schedule, "JPY", ["15:00"], 31, None, True, because="schedule_limits")
    refused(schedule, "JPY", ["15:00"], 1, 0, True, because="schedule_limits")
    day = (
        "INSERT INTO clearing_closedday (public_id, day, currency, closed, name, stated_at, stated_by, approval_id)"
        " VALUES ('cld_raw', now(), %s, true, %s, now(), 'usr_x', (SELECT max(id) FROM approvals_approval))"
    )
    refused(day, "yen", '{"ja": "x", "en": "y"}', because="closed_day_currency")
    refused(day, "", '{"ja": "x"}', because="closed_day_name")
    assert (ClearingSchedule.objects.count(), ClosedDay.objects.count()) == (1, 1)


def test_a_cut_off_that_was_none_is_noticed(market_cut_off):
    assert cut_off_by_no_calendar() == []
    with unguarded("clearing_cycle"):
        run("UPDATE clearing_cycle SET cut_off_at = cut_off_at - interval '1 minute' WHERE number = 1")
    assert cut_off_by_no_calendar() == [
        {"cycle": Cycle.objects.get(number=1).business_key, "cut_off_at": "2030-04-01T05:59:00+00:00"}
    ]
