"""Cut-offs: by schedule, on business days, across months, changes and clocks that are put forward or back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearing.cycles.cut_offs import ClosedDayDeclaration, CutOffs, Schedule

TOKYO = ZoneInfo("Asia/Tokyo")
CAIRO = ZoneInfo("Africa/Cairo")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EVERY = date(2020, 1, 1)
NOON, THREE = time(12), time(15)


def schedule(*times, since=EVERY, stated_at=LONG_AGO, active=True, value_days=1):
    return Schedule(since, times, value_days, None, active, stated_at)


def closed(day, *, stated_at=LONG_AGO, closed=True, scope=""):
    return ClosedDayDeclaration(day, scope, closed, stated_at)


def tokyo(*moment):
    return datetime(*moment, tzinfo=TOKYO).astimezone(UTC)


def test_the_next_cut_off_is_the_next_time_on_a_business_day():
    cut_offs = CutOffs([schedule(NOON, THREE)], [], TOKYO)
    assert cut_offs.after(tokyo(2026, 12, 4, 11, 59)) == [tokyo(2026, 12, 4, 12)]
    assert cut_offs.after(tokyo(2026, 12, 4, 12)) == [tokyo(2026, 12, 4, 15)]
    assert cut_offs.after(tokyo(2026, 12, 4, 15), count=3) == [
        tokyo(2026, 12, 7, 12),
        tokyo(2026, 12, 7, 15),
        tokyo(2026, 12, 8, 12),
    ]


def test_the_year_end_and_its_holidays_are_passed_over():
    cut_offs = CutOffs([schedule(THREE)], [], TOKYO)
    assert cut_offs.after(tokyo(2026, 12, 30, 15)) == [tokyo(2027, 1, 4, 15)]
    assert cut_offs.after(tokyo(2026, 11, 20, 15)) == [tokyo(2026, 11, 24, 15)]


def test_a_day_that_is_declared_closed_has_none():
    friday = date(2026, 12, 4)
    assert CutOffs([schedule(THREE)], [closed(friday)], TOKYO).on(friday) == []
    withdrawn = [closed(friday), closed(friday, closed=False)]
    assert CutOffs([schedule(THREE)], withdrawn, TOKYO).on(friday) == [tokyo(2026, 12, 4, 15)]
    for_all_still = [closed(friday), closed(friday, scope="JPY"), closed(friday, scope="JPY", closed=False)]
    assert CutOffs([schedule(THREE)], for_all_still, TOKYO).on(friday) == []


def test_a_schedule_holds_from_its_day_until_the_next_one():
    cut_offs = CutOffs([schedule(THREE), schedule(NOON, since=date(2026, 12, 1), value_days=2)], [], TOKYO)
    assert cut_offs.after(tokyo(2026, 11, 30, 12), count=2) == [
        tokyo(2026, 11, 30, 15),
        tokyo(2026, 12, 1, 12),
    ]
    assert [
        cut_offs.schedule_on(date(2026, 11, 30)).value_days,
        cut_offs.schedule_on(date(2026, 12, 1)).value_days,
    ] == [1, 2]
    assert cut_offs.schedule_on(date(2019, 12, 31)) is None


def test_of_two_schedules_for_one_day_the_one_stated_last_counts():
    cut_offs = CutOffs([schedule(THREE), schedule(NOON)], [], TOKYO)
    assert cut_offs.on(date(2026, 12, 4)) == [tokyo(2026, 12, 4, 12)]
    ended = CutOffs([schedule(THREE), schedule(THREE, active=False, since=date(2026, 12, 1))], [], TOKYO)
    assert ended.after(tokyo(2026, 11, 30, 16)) == []
    assert ended.after(tokyo(2026, 11, 30, 14)) == [tokyo(2026, 11, 30, 15)]


def test_what_is_stated_later_never_makes_or_unmakes_a_cut_off_of_the_past():
    friday, two = date(2026, 12, 4), tokyo(2026, 12, 4, 14)
    late = CutOffs([schedule(NOON, THREE, since=friday, stated_at=two)], [], TOKYO)
    assert late.on(friday) == [tokyo(2026, 12, 4, 15)]
    replaced = CutOffs([schedule(NOON), schedule(THREE, since=friday, stated_at=two)], [], TOKYO)
    assert replaced.on(friday) == [tokyo(2026, 12, 4, 12), tokyo(2026, 12, 4, 15)]
    closed_at_two = CutOffs([schedule(NOON, THREE)], [closed(friday, stated_at=two)], TOKYO)
    assert closed_at_two.on(friday) == [tokyo(2026, 12, 4, 12)]


def test_what_has_passed_is_told_from_the_latest_back():
    cut_offs = CutOffs([schedule(NOON, THREE)], [], TOKYO)
    since, until = tokyo(2026, 12, 3, 12), tokyo(2026, 12, 7, 12)
    assert list(cut_offs.passed(since=since, until=until)) == [
        tokyo(2026, 12, 7, 12),
        tokyo(2026, 12, 4, 15),
        tokyo(2026, 12, 4, 12),
        tokyo(2026, 12, 3, 15),
    ]
    assert list(cut_offs.passed(since=until, until=until)) == []
    assert list(cut_offs.passed(since=until, until=since)) == []


def test_without_a_schedule_there_is_none():
    cut_offs = CutOffs([], [], TOKYO)
    assert cut_offs.after(LONG_AGO) == []
    assert list(cut_offs.passed(since=LONG_AGO, until=tokyo(2026, 12, 4, 12))) == []


def test_a_time_that_the_clocks_skip_comes_as_late_as_it_would_have():
    friday = date(2025, 4, 25)
    skipped = datetime(2025, 4, 24, 22, 30, tzinfo=UTC)
    cut_offs = CutOffs([schedule(time(0, 30), time(1, 30), time(12))], [], CAIRO)
    assert cut_offs.on(friday) == [skipped, datetime(2025, 4, 25, 9, tzinfo=UTC)]
    assert cut_offs.after(skipped - timedelta(seconds=1)) == [skipped]


def test_a_time_that_comes_twice_counts_the_first_time():
    cut_offs = CutOffs([schedule(time(23, 30))], [], CAIRO)
    first = datetime(2025, 10, 30, 20, 30, tzinfo=UTC)
    assert cut_offs.on(date(2025, 10, 30)) == [first]
    assert cut_offs.after(first) == [datetime(2025, 10, 31, 21, 30, tzinfo=UTC)]


TIMES = st.sets(
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)), min_size=1, max_size=4
)


MINUTES_OF_THREE_YEARS = 3 * 366 * 24 * 60


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Africa/Cairo", "America/New_York", "Pacific/Kiritimati"])
@given(times=TIMES, minutes=st.integers(0, MINUTES_OF_THREE_YEARS), days=st.integers(0, 30))
def test_looking_ahead_and_looking_back_find_the_same(zone, times, minutes, days):
    cut_offs = CutOffs([schedule(*sorted(times))], [], ZoneInfo(zone))
    since = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = since + timedelta(days=days)
    ahead = [moment for moment in cut_offs.after(since, count=4 * 40) if moment <= until]
    assert list(cut_offs.passed(since=since, until=until)) == ahead[::-1]
    assert ahead == sorted(set(ahead))
