"""The alarm about a cycle that is late: once for each reason, with what to do, and over when it has moved on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from clearing import tasks
from clearing.cycles.services import publish_clearing_schedule
from clearing.models import CycleAlarm
from clearing.run.overdue import CycleReadings
from clearing.run.services.cut_offs import close_due_cycles
from clearing.run.services.cycles import close_cycle, pause_cycle
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.events.models import OutboxEvent
from marketplace.events.queries import all_handled
from marketplace.events.services import deliver_due
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.notices.models import Task
from tests.standing import made_once

from .. import factories

TOKYO = ZoneInfo("Asia/Tokyo")
NINE = datetime(2030, 4, 1, 9, tzinfo=TOKYO).astimezone(UTC)


def move(moment: datetime) -> None:
    clock.move_to(moment, running=False)


@made_once
def market():
    move(NINE)
    return factories.market()


def publish(market, **changes):
    stated = {"currency": "JPY", "effective_from": date(2030, 4, 1), "cut_off_times": [time(15)]}
    factories.by_two(market, publish_clearing_schedule, **(stated | changes))


def overdue(cycle):
    cycle.refresh_from_db()
    found = CycleReadings([cycle]).overdue(cycle)
    return (found.reason, found.since) if found else None


def kept(kind: str) -> list[dict[str, object]]:
    return list(EvidenceRecord.objects.filter(kind=kind).order_by("pk").values_list("payload", flat=True))


def emitted(kind: str) -> list[dict[str, object]]:
    return list(OutboxEvent.objects.filter(type=kind).order_by("pk").values_list("data", flat=True))


def test_nothing_is_overdue_in_time(market):
    publish(market)
    factories.accepted(market, "buyer", "seller", 10_000)
    assert tasks.watch() == 0
    cycle = factories.clear(market)
    assert tasks.watch() == 0
    assert overdue(cycle) is None
    factories.settle(market, cycle)
    move(NINE + timedelta(hours=5))
    assert (tasks.watch(), CycleAlarm.objects.count()) == (0, 0)


def test_steps_that_take_too_long_raise_one_alarm(market, caplog):
    cycle = close_cycle(actor=market.actor, currency="JPY")
    move(NINE + timedelta(minutes=60))
    assert tasks.watch() == 0
    move(NINE + timedelta(minutes=61))
    assert (tasks.watch(), tasks.watch()) == (1, 0)
    since = (NINE + timedelta(minutes=60)).isoformat()
    assert kept("clearing.cycle_overdue") == [
        {"business_key": cycle.business_key, "state": "closing", "reason_code": "slow", "since": since}
    ]
    assert emitted("cycle.overdue") == [
        {
            "cycle": cycle.public_id,
            "business_key": cycle.business_key,
            "reason_code": "slow",
            "since": since,
        }
    ]
    (line,) = [row for row in caplog.records if row.levelname == "ERROR"]
    assert "read its progress: resume it if it is paused" in line.getMessage()


def test_an_alarm_ends_when_the_cycle_has_moved_on_and_is_not_raised_again(market):
    cycle = close_cycle(actor=market.actor, currency="JPY")
    move(NINE + timedelta(hours=2))
    assert tasks.watch() == 1
    factories.advance_to(cycle, "netted")
    assert tasks.watch() == 0
    factories.advance_to(cycle, "settled")
    assert (tasks.watch(), tasks.watch()) == (1, 0)
    alarm = CycleAlarm.objects.get()
    assert (alarm.reason, alarm.ended_at) == ("slow", NINE + timedelta(hours=2))
    assert emitted("cycle.caught_up") == [{"cycle": cycle.public_id, "reason_code": "slow"}]
    assert kept("clearing.cycle_caught_up") == [{"business_key": cycle.business_key, "reason_code": "slow"}]


@pytest.mark.parametrize(
    ("of_schedule", "of_rulebook", "minutes"), [(None, None, 60), (None, 90, 90), (30, 90, 30)]
)
def test_how_long_is_too_long_is_stated(db, of_schedule, of_rulebook, minutes):
    move(NINE)
    parameters = {"cycle_overdue_minutes": of_rulebook} if of_rulebook else {}
    market = factories.market(factories.RULEBOOK | {"parameters": parameters})
    publish(market, overdue_minutes=of_schedule)
    cycle = close_cycle(actor=market.actor, currency="JPY")
    move(NINE + timedelta(minutes=minutes))
    assert overdue(cycle) is None
    move(NINE + timedelta(minutes=minutes, seconds=1))
    assert overdue(cycle) == ("slow", NINE + timedelta(minutes=minutes))


def test_a_cut_off_that_nobody_carried_out_is_noticed(market, api):
    publish(market)
    three = NINE + timedelta(hours=6)
    cycle = market.cycle
    move(three + timedelta(seconds=59))
    assert overdue(cycle) is None
    move(three + timedelta(days=1))
    assert overdue(cycle) == ("not_closed", three)
    (shown,) = api.get("/api/v1/cycles/").json()["results"]
    assert shown["overdue"] == {
        "reason_code": "not_closed",
        "reason": {"ja": "締切を過ぎても受付中です", "en": "its cut-off has passed and it is still open"},
        "since": "2030-04-01T06:00:00Z",
    }
    assert tasks.watch() == 1
    assert close_due_cycles() == 1
    assert tasks.watch() == 1
    assert list(CycleAlarm.objects.values_list("reason", "ended_at")) == [
        ("not_closed", three + timedelta(days=1))
    ]


def test_a_cycle_that_is_not_settled_on_its_value_date_is_noticed(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    end_of_tuesday = datetime(2030, 4, 3, tzinfo=TOKYO).astimezone(UTC)
    move(end_of_tuesday - timedelta(seconds=1))
    assert overdue(cycle) is None
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    move(end_of_tuesday + timedelta(hours=12))
    assert overdue(cycle) is None
    move(end_of_tuesday + timedelta(days=1))
    assert overdue(cycle) == ("past_value_date", end_of_tuesday + timedelta(days=1))
    assert tasks.watch() == 1
    assert emitted("cycle.overdue")[0]["reason_code"] == "past_value_date"


def test_a_cycle_on_hold_is_overdue_like_any_other(market):
    cycle = close_cycle(actor=market.actor, currency="JPY")
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
    move(NINE + timedelta(hours=2))
    assert overdue(cycle) == ("slow", NINE + timedelta(hours=1))


def test_an_alarm_never_ends_before_it_was_raised(market, every_reading):
    cycle = close_cycle(actor=market.actor, currency="JPY")
    move(NINE + timedelta(hours=2))
    assert tasks.watch() == 1
    factories.advance_to(cycle, "settled")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_clock SET business_anchor = business_anchor - interval '1 hour'")
    assert tasks.watch() == 1
    alarm = CycleAlarm.objects.get()
    assert alarm.ended_at == alarm.raised_at


def test_the_operator_s_task_follows_the_alarm(committed_database):
    move(NINE)
    market = factories.market()
    cycle = close_cycle(actor=market.actor, currency="JPY")

    def tasks_of_the_operator() -> list[tuple[str, str, str]]:
        deadline = monotonic() + 30
        while not all_handled() and monotonic() < deadline:
            deliver_due()
        rows = Task.objects.filter(organisation=market.operator).exclude(kind="countersign").order_by("pk")
        return list(rows.values_list("kind", "subject", "state"))

    assert tasks_of_the_operator() == []
    move(NINE + timedelta(hours=2))
    assert tasks.watch() == 1
    assert tasks_of_the_operator() == [("expedite", cycle.public_id, "open")]
    factories.advance_to(cycle, "settled")
    assert tasks.watch() == 1
    assert tasks_of_the_operator() == [("expedite", cycle.public_id, "done")]
