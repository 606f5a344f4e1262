"""Two people change the calendar: what they approved stands, to the letter."""

from __future__ import annotations

from datetime import date, time

import pytest

from clearing.cycles.services import declare_closed_day, publish_clearing_schedule, withdraw_closed_day
from clearing.models import ClearingSchedule, ClosedDay
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.errors import Forbidden

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards

CALENDAR = "clearing.calendar_by_two"
NAME = {"ja": "休業", "en": "Closed"}
DAY = date(2035, 4, 3)
SCHEDULE = {"currency": "JPY", "effective_from": DAY, "cut_off_times": [time(11), time(15)]}


def counts() -> tuple[int, int]:
    return ClearingSchedule.objects.count(), ClosedDay.objects.count()


def test_a_schedule_and_a_closed_day_take_two_people(market):
    made = factories.by_two(market, publish_clearing_schedule, **SCHEDULE)
    day = factories.by_two(market, declare_closed_day, day=DAY, name=NAME, currency="JPY")
    gone = factories.by_two(market, withdraw_closed_day, day=DAY, currency="JPY")
    for row in (made, day, gone):
        assert (row.stated_by, row.approval.first_person) == (
            market.second.identifier,
            market.actor.identifier,
        )
        assert (
            EvidenceRecord.objects.get(subject=row.public_id).payload["first_person"]
            == row.approval.first_person
        )
    assert (day.closed, gone.closed, broken()) == (True, False, {})


def test_one_person_and_a_program_change_nothing(market):
    for command, stated in (
        (publish_clearing_schedule, SCHEDULE),
        (declare_closed_day, {"day": DAY, "name": NAME}),
    ):
        for _ in range(2):
            with pytest.raises(SecondPersonNeeded):
                command(actor=market.second, **stated)
        with pytest.raises(Forbidden):
            command(actor=market.program, **stated)
    with pytest.raises(SecondPersonNeeded):
        publish_clearing_schedule(actor=market.actor, **SCHEDULE | {"value_days": 3})
    assert (counts(), broken()) == ((0, 0), {})


def test_the_database_takes_no_calendar_of_one_person(market):
    factories.by_two(market, publish_clearing_schedule, **SCHEDULE)
    factories.by_two(market, declare_closed_day, day=DAY, name=NAME)
    with pytest.raises(SecondPersonNeeded):
        publish_clearing_schedule(actor=market.actor, **SCHEDULE | {"value_days": 3})
    schedule = (
        "INSERT INTO clearing_clearingschedule (public_id, currency, effective_from, cut_off_times, value_days,"
        " overdue_minutes, active, stated_at, stated_by, approval_id) SELECT 'sch_raw', currency, effective_from,"
        " cut_off_times, 3, overdue_minutes, active, now(), stated_by, (SELECT max(id) FROM approvals_approval)"
        " FROM clearing_clearingschedule"
    )
    day = (
        "INSERT INTO clearing_closedday (public_id, day, currency, closed, name, stated_at, stated_by, approval_id)"
        " SELECT 'cld_raw', day, currency, false, name, now(), stated_by, (SELECT max(id) FROM approvals_approval)"
        " FROM clearing_closedday"
    )
    for sql in (schedule, day):
        refused(sql, because="no second person approved the change")
    assert counts() == (1, 1)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("clearing_clearingschedule", "UPDATE clearing_clearingschedule SET value_days = 4"),
        ("clearing_clearingschedule", "UPDATE clearing_clearingschedule SET stated_by = 'usr_x'"),
        ("clearing_closedday", "UPDATE clearing_closedday SET closed = false"),
        ("clearing_closedday", "UPDATE clearing_closedday SET day = day + 1"),
    ],
)
def test_a_calendar_that_nobody_approved_is_named(market, table, change):
    factories.by_two(market, publish_clearing_schedule, **SCHEDULE)
    factories.by_two(market, declare_closed_day, day=DAY, name=NAME)
    assert broken() == {}
    changed_behind_the_guards(table, change)
    assert CALENDAR in broken()
