"""Cycles are cut off by the calendar: once, never early, and caught up with after an outage."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from clearing import tasks
from clearing.cycles.queries import next_cut_offs, value_date
from clearing.cycles.services import declare_closed_day, publish_clearing_schedule, withdraw_closed_day
from clearing.models import ClearingSchedule, ClosedDay, Cycle, TransferFile
from clearing.run.services.cut_offs import close_at_cut_off, close_due_cycles
from clearing.run.services.cycles import close_cycle, open_first_cycle
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories

TOKYO = ZoneInfo("Asia/Tokyo")
PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")
MONDAY = date(2030, 4, 1)
NAME = {"ja": "休業", "en": "Closed"}


def at(day: int, hour: int, minute: int = 0, *, second: int = 0) -> datetime:
    """A moment of April 2030 in Tokyo; the 1st is a Monday, the 29th a holiday."""
    return datetime(2030, 4, day, hour, minute, second, tzinfo=TOKYO).astimezone(UTC)


def move(moment: datetime) -> None:
    clock.move_to(moment, running=False)


@made_once
def market():
    """A market that stands at nine on Monday, its first cycle just opened."""
    move(at(1, 9))
    return factories.market()


def publish(market, *times: time, **changes):
    stated = {"currency": "JPY", "effective_from": MONDAY, "cut_off_times": times or (time(15),)}
    return factories.by_two(market, publish_clearing_schedule, **(stated | changes))


def closed_cycle() -> Cycle:
    return Cycle.objects.get(closed_at__isnull=False)


def told(cycle: Cycle) -> dict[str, object]:
    return EvidenceRecord.objects.get(kind="clearing.cycle_closed", subject=cycle.public_id).payload


def test_nothing_is_cut_off_without_a_schedule(market):
    move(at(26, 9))
    assert close_due_cycles() == 0
    assert close_at_cut_off(currency="JPY") is None
    assert Cycle.objects.count() == 1


def test_a_cycle_is_cut_off_when_its_time_has_come_and_once(market):
    publish(market)
    move(at(1, 15) - timedelta(seconds=1))
    assert close_due_cycles() == 0
    move(at(1, 15))
    assert close_due_cycles() == 1
    assert close_due_cycles() == 0
    cycle = closed_cycle()
    assert (cycle.state, cycle.cut_off_at, cycle.closed_at) == ("closing", at(1, 15), at(1, 15))
    assert told(cycle) == {
        "business_key": cycle.business_key,
        "barrier": str(cycle.barrier),
        "cut_off_at": "2030-04-01T06:00:00+00:00",
        "cut_offs_missed": 0,
    }
    record = EvidenceRecord.objects.get(kind="clearing.cycle_closed", subject=cycle.public_id)
    assert record.actor == "system"
    assert market.cycle.number == 2
    move(at(2, 14, 59))
    assert close_due_cycles() == 0


def test_the_sweep_cuts_off_and_takes_the_cycle_on(market):
    publish(market)
    move(at(1, 15, 0, second=3))
    assert tasks.sweep() >= 1
    assert closed_cycle().cut_off_at == at(1, 15)


def test_cut_offs_that_were_missed_lead_to_one_close(market, caplog):
    publish(market, time(11), time(15))
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    move(at(4, 12))
    assert close_due_cycles() == 1
    cycle = closed_cycle()
    assert (cycle.cut_off_at, told(cycle)["cut_offs_missed"]) == (at(4, 11), 6)
    assert "6 cut-offs missed" in caplog.text
    assert Cycle.objects.count() == 2
    assert close_due_cycles() == 0
    assert factories.advance_to(cycle, "validated").trades == 1
    assert trade.state == "accepted"
    assert {name for name, breaches in verify_all("clearing").items() if breaches} == set()


@pytest.mark.parametrize(("opened", "later"), [((5, 16), (8, 14)), ((26, 16), (30, 14))])
def test_nothing_is_cut_off_over_a_weekend_or_a_holiday(market, opened, later):
    publish(market)
    move(at(*opened))
    assert close_due_cycles() == 1
    move(at(*later))
    assert close_due_cycles() == 0
    move(at(later[0], 15))
    assert close_due_cycles() == 1


def test_nothing_is_cut_off_on_a_closed_day_unless_it_is_withdrawn(market):
    publish(market)
    first = factories.by_two(market, declare_closed_day, day=MONDAY, name=NAME)
    assert declare_closed_day(actor=market.actor, day=MONDAY, name=NAME) == first
    factories.by_two(market, declare_closed_day, day=date(2030, 4, 2), name=NAME, currency="USD")
    tuesday = factories.by_two(market, declare_closed_day, day=date(2030, 4, 3), name=NAME)
    withdrawn = factories.by_two(market, withdraw_closed_day, day=tuesday.day)
    assert (withdrawn.closed, withdrawn.name) == (False, NAME)
    assert next_cut_offs("JPY", count=2) == [at(2, 15), at(3, 15)]
    move(at(1, 16))
    assert close_due_cycles() == 0
    move(at(2, 16))
    assert close_due_cycles() == 1


def test_a_schedule_stated_at_four_does_not_cut_off_at_three(market):
    move(at(1, 16))
    publish(market)
    assert close_due_cycles() == 0
    move(at(2, 15))
    assert close_due_cycles() == 1


def test_a_schedule_ends_by_an_inactive_one(market):
    publish(market)
    publish(market, effective_from=date(2030, 4, 2), cut_off_times=(), active=False)
    assert next_cut_offs("JPY") == [at(1, 15)]
    move(at(1, 15))
    assert close_due_cycles() == 1
    move(at(10, 15))
    assert close_due_cycles() == 0


def test_a_command_and_the_calendar_do_not_meet(market):
    publish(market)
    move(at(1, 14, 59))
    by_hand = close_cycle(actor=market.actor, currency="JPY")
    assert (by_hand.cut_off_at, told(by_hand)["cut_off_at"]) == (None, None)
    assert close_due_cycles() == 0
    move(at(1, 15))
    assert close_due_cycles() == 1
    assert list(Cycle.objects.order_by("number").values_list("number", "cut_off_at")) == [
        (1, None),
        (2, at(1, 15)),
        (3, None),
    ]


def test_each_currency_has_its_own_calendar(market):
    open_first_cycle(actor=market.actor, currency="USD")
    publish(market, currency="USD")
    move(at(1, 15))
    assert close_due_cycles() == 1
    assert closed_cycle().currency == "USD"


def test_a_clock_that_is_put_back_closes_nothing_twice(market, every_reading):
    publish(market)
    move(at(1, 15, 30))
    assert close_due_cycles() == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_clock SET business_anchor = business_anchor - interval '1 hour'")
    assert close_due_cycles() == 0
    move(at(1, 15))
    assert close_due_cycles() == 0
    assert (Cycle.objects.count(), market.cycle.opened_at) == (2, at(1, 15, 30))


def test_the_calendar_is_stated_by_the_operator_in_full(market):
    for changes, field in (
        ({"effective_from": date(2030, 3, 31)}, "effective_from"),
        ({"cut_off_times": ()}, "cut_off_times"),
        ({"currency": "yen"}, "currency"),
        ({"currency": "J1Y"}, "currency"),
    ):
        with pytest.raises(FieldInvalid) as refusal:
            publish(market, **changes)
        assert refusal.value.name == field
    with pytest.raises(FieldInvalid):
        factories.by_two(market, declare_closed_day, day=date(2030, 3, 31), name=NAME)
    with pytest.raises(Missing):
        factories.by_two(market, withdraw_closed_day, day=MONDAY)
    for call, stated in (
        (
            publish_clearing_schedule,
            {"currency": "JPY", "effective_from": MONDAY, "cut_off_times": [time(9)]},
        ),
        (declare_closed_day, {"day": MONDAY, "name": NAME}),
        (withdraw_closed_day, {"day": MONDAY}),
    ):
        with pytest.raises(Forbidden):
            call(actor=PARTICIPANT, **stated)
    assert (ClearingSchedule.objects.count(), ClosedDay.objects.count()) == (0, 0)


def test_payments_have_the_value_date_of_the_schedule_in_force(market):
    publish(market, value_days=3)
    factories.by_two(market, declare_closed_day, day=date(2030, 4, 3), name=NAME)
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert made.value_date == date(2030, 4, 5)
    assert TransferFile.objects.count() == 1


def test_the_next_business_day_is_the_value_date_without_a_schedule(market):
    assert value_date("JPY") == date(2030, 4, 2)
    factories.by_two(market, declare_closed_day, day=date(2030, 4, 2), name=NAME)
    assert value_date("JPY") == date(2030, 4, 3)


def test_the_calendar_is_public_and_the_operator_s_to_state(market, api):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    stated = {"currency": "JPY", "effective_from": "2030-04-01", "cut_off_times": ["11:00", "15:00"]}
    day = {"day": "2030-04-02", "name": NAME}
    for path, body in (
        ("clearing-schedules/", stated),
        ("closed-days/", day),
        ("closed-days/withdraw/", {"day": "2030-04-02"}),
    ):
        assert buyer.post(f"/api/v1/{path}", body).status_code == 403
        assert api.post(f"/api/v1/{path}", body).status_code == 401
    assert (ClearingSchedule.objects.count(), ClosedDay.objects.count()) == (0, 0)
    for path, body in (("clearing-schedules/", stated), ("closed-days/", day)):
        asked = operator.post(f"/api/v1/{path}", body)
        assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    assert operator.post("/api/v1/clearing-schedules/", stated | {"value_days": 31}).status_code == 422
    assert operator.post("/api/v1/clearing-schedules/", stated | {"colour": "red"}).status_code == 422
    publish_clearing_schedule(
        actor=market.second,
        currency="JPY",
        effective_from=date(2030, 4, 1),
        cut_off_times=[time(11), time(15)],
    )
    declare_closed_day(actor=market.second, day=date(2030, 4, 2), name=NAME)
    factories.by_two(market, withdraw_closed_day, day=date(2030, 4, 2))
    (made,) = api.get("/api/v1/clearing-schedules/").json()["results"]
    assert made["cut_off_times"] == ["11:00:00", "15:00:00"]
    assert [row["closed"] for row in api.get("/api/v1/closed-days/").json()["results"]] == [False, True]


def test_everybody_knows_the_next_cut_offs(market, api):
    publish(market)
    shown = api.get("/api/v1/cut-offs/?currency=JPY&count=2").json()
    assert shown == {
        "currency": "JPY",
        "time_zone": "Asia/Tokyo",
        "value_date": "2030-04-02",
        "cut_offs": ["2030-04-01T06:00:00Z", "2030-04-02T06:00:00Z"],
    }
    assert api.get("/api/v1/cut-offs/?currency=USD").json()["cut_offs"] == []
    for query in ("currency=yen", "count=0", "count=101", "count=x"):
        assert api.get(f"/api/v1/cut-offs/?{query}").status_code == 422
    (row,) = api.get("/api/v1/cycles/").json()["results"]
    assert row["waits_for"]["en"] == "open until the cut-off at 2030-04-01T15:00+09:00"
