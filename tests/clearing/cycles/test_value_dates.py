"""A payment's value date is one and the same while its cycle is open, at its cut-off and after it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clearing.cycles.cut_offs import ClosedDayDeclaration, CutOffs, Schedule
from clearing.cycles.queries import Calendars
from clearing.cycles.services import declare_closed_day, publish_clearing_schedule
from clearing.cycles.value_dates import VALUE_DAYS, value_date
from clearing.models import Cycle
from clearing.run.overdue import CycleReadings
from clearing.run.services.cut_offs import close_due_cycles
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.kernel import clock
from tests.participants.factories import client_of

from .. import factories

TOKYO = ZoneInfo("Asia/Tokyo")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
THURSDAY = date(2026, 12, 3)
NAME = {"ja": "休業", "en": "Closed"}
CASES = [
    pytest.param(date(2026, 4, 30), 3, date(2026, 5, 8), id="over the holidays of May"),
    pytest.param(date(2026, 12, 30), 1, date(2027, 1, 4), id="over the banks' year-end"),
]


def cut_offs(*schedules: tuple[date, int], closed: tuple[date, ...] = ()) -> CutOffs:
    return CutOffs(
        [Schedule(day, (time(15),), days, None, True, LONG_AGO) for day, days in schedules],
        [ClosedDayDeclaration(day, "", True, LONG_AGO) for day in closed],
        TOKYO,
    )


@pytest.mark.parametrize(("handed_over_on", "value_days", "expected"), CASES)
def test_value_days_are_business_days(handed_over_on, value_days, expected):
    assert value_date(handed_over_on, cut_offs((date(2026, 1, 1), value_days))) == expected


def test_what_is_handed_over_on_no_business_day_counts_from_the_next():
    calendar = cut_offs((date(2026, 1, 1), 1))
    saturday, monday = date(2026, 12, 5), date(2026, 12, 7)
    assert value_date(saturday, calendar) == value_date(monday, calendar) == date(2026, 12, 8)


def test_payments_may_arrive_on_the_day_they_are_handed_over():
    assert value_date(THURSDAY, cut_offs((date(2026, 1, 1), 0))) == THURSDAY
    assert value_date(date(2026, 12, 5), cut_offs((date(2026, 1, 1), 0))) == date(2026, 12, 7)


def test_a_declared_closed_day_is_no_business_day():
    friday = THURSDAY + timedelta(days=1)
    assert value_date(THURSDAY, cut_offs((date(2026, 1, 1), 1), closed=(friday,))) == date(2026, 12, 7)


def test_the_schedule_in_force_on_the_day_of_handing_over_counts():
    calendar = cut_offs((date(2026, 1, 1), 3), (date(2026, 12, 4), 1))
    assert value_date(THURSDAY, calendar) == date(2026, 12, 8)
    assert value_date(date(2026, 12, 4), calendar) == date(2026, 12, 7)


def test_without_a_schedule_the_default_counts():
    assert VALUE_DAYS == 1
    assert value_date(THURSDAY, cut_offs()) == date(2026, 12, 4)


def at(day: date, hour: int, minute: int = 0) -> None:
    clock.move_to(datetime.combine(day, time(hour, minute), TOKYO).astimezone(UTC), running=False)


def expected_on(market) -> str | None:
    answer = client_of(market.party("seller")).get("/api/v1/expected-payments/").json()
    ((total,), (row,)) = answer["totals"], answer["results"]
    assert total["expected_on"] == row["expected_on"]
    assert [payment["expected_on"] for payment in answer["payments"]] in ([], [row["expected_on"]])
    return row["expected_on"]


def trading_on(day: date, value_days: int | None):
    """A market with one accepted trade in the morning of ``day``, cut off at three by its schedule, if it has one."""
    at(day, 9)
    market = factories.market()
    if value_days is not None:
        factories.by_two(
            market,
            publish_clearing_schedule,
            currency="JPY",
            effective_from=day,
            cut_off_times=[time(15)],
            value_days=value_days,
        )
    factories.accepted(market, "buyer", "seller", 10_000)
    return market


def cut_off() -> Cycle:
    assert close_due_cycles() == 1
    return Cycle.objects.get(closed_at__isnull=False)


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "value_days", "expected"), CASES)
def test_a_seller_is_given_one_date_before_at_and_after_the_cut_off(day, value_days, expected):
    market = trading_on(day, value_days)
    shown = [expected_on(market)]
    at(day, 15)
    shown.append(expected_on(market))
    cycle = cut_off()
    shown.append(expected_on(market))
    for state in ("validated", "netted", "posted", "settling"):
        factories.advance_to(cycle, state)
        shown.append(expected_on(market))
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    shown.append(expected_on(market))
    assert shown == [expected.isoformat()] * 8
    assert made.value_date == expected
    at(expected, 23, 59)
    assert CycleReadings([cycle]).overdue(cycle) is None
    at(expected + timedelta(days=1), 0)
    overdue = CycleReadings([cycle]).overdue(cycle)
    assert (overdue.reason.value, overdue.since) == ("past_value_date", clock.now())


@pytest.mark.django_db
def test_what_is_sent_later_is_dated_later(api):
    market = trading_on(date(2026, 4, 30), 3)
    at(date(2026, 4, 30), 15)
    cycle = factories.advance_to(cut_off(), "settling")
    at(date(2026, 5, 1), 9)
    assert expected_on(market) == "2026-05-11"
    at(date(2026, 5, 2), 9)
    assert expected_on(market) == "2026-05-12"
    assert api.get("/api/v1/cut-offs/?currency=JPY").json()["value_date"] == "2026-05-12"
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert (made.value_date, expected_on(market)) == (date(2026, 5, 12), "2026-05-12")
    at(date(2026, 5, 7), 9)
    assert expected_on(market) == "2026-05-12"


@pytest.mark.django_db
def test_a_payment_not_sent_is_overdue_by_the_date_its_payee_was_given():
    trading_on(date(2026, 4, 30), 3)
    at(date(2026, 4, 30), 15)
    cycle = factories.advance_to(cut_off(), "settling")
    at(date(2026, 5, 8), 23, 59)
    assert CycleReadings([cycle]).overdue(cycle) is None
    at(date(2026, 5, 9), 0)
    assert CycleReadings([cycle]).overdue(cycle).reason.value == "past_value_date"


@pytest.mark.django_db
def test_a_closed_day_moves_the_date_for_everybody():
    market = trading_on(date(2026, 4, 30), 3)
    assert expected_on(market) == "2026-05-08"
    factories.by_two(market, declare_closed_day, day=date(2026, 5, 1), name=NAME)
    assert expected_on(market) == "2026-05-11"
    at(date(2026, 4, 30), 15)
    cycle = factories.advance_to(cut_off(), "settling")
    assert expected_on(market) == "2026-05-11"
    assert create_transfer_file(actor=market.actor, cycle=cycle.public_id).value_date == date(2026, 5, 11)


@pytest.mark.django_db
def test_a_schedule_that_changes_between_cut_off_and_sending_counts_from_its_day():
    market = trading_on(date(2026, 4, 30), 3)
    at(date(2026, 4, 30), 15)
    cycle = factories.advance_to(cut_off(), "settling")
    factories.by_two(
        market,
        publish_clearing_schedule,
        currency="JPY",
        effective_from=date(2026, 5, 1),
        cut_off_times=[time(15)],
        value_days=1,
    )
    assert expected_on(market) == "2026-05-08"
    at(date(2026, 5, 1), 9)
    assert expected_on(market) == "2026-05-07"
    assert create_transfer_file(actor=market.actor, cycle=cycle.public_id).value_date == date(2026, 5, 7)
    assert expected_on(market) == "2026-05-07"


@pytest.mark.django_db
def test_a_currency_without_a_schedule_is_dated_from_its_cut_off_by_command():
    market = trading_on(date(2026, 4, 30), None)
    assert expected_on(market) is None
    assert Calendars().cut_off_of(market.cycle, now=clock.now()) is None
    cycle = factories.clear(market, "closing")
    assert expected_on(market) == "2026-05-01"
    factories.advance_to(cycle, "settling")
    assert create_transfer_file(actor=market.actor, cycle=cycle.public_id).value_date == date(2026, 5, 1)
    assert expected_on(market) == "2026-05-01"


@pytest.mark.django_db
def test_a_cut_off_that_is_not_carried_out_yet_stays_the_cut_off_of_its_cycle():
    market = trading_on(date(2026, 12, 3), 1)
    three = datetime(2026, 12, 3, 15, tzinfo=TOKYO)
    for moment in ((THURSDAY, 9), (THURSDAY, 15), (THURSDAY, 16)):
        at(*moment)
        assert Calendars().cut_off_of(market.cycle, now=clock.now()) == three
        assert expected_on(market) == "2026-12-04"
