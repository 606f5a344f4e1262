"""When access ends with the right of use."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from listings.rights.limits import day_words, end_of, end_of_use, period_words

TOKYO = ZoneInfo("Asia/Tokyo")
AGREED = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


def until(valid_until=None, duration=None, agreed=AGREED):
    end = end_of_use(valid_until, duration, agreed, TOKYO)
    return end and end[0]


def test_rights_without_limits_never_end():
    assert until() is None


def test_a_day_lasts_to_its_end_in_the_market():
    assert until("2027-03-31") == datetime(2027, 3, 31, 15, 0, tzinfo=UTC)


def test_a_duration_runs_from_the_day_after_the_agreement():
    assert until(duration="P1Y") == datetime(2027, 12, 1, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("agreed", "duration", "expected"),
    [
        ("2026-02-28T15:30+09:00", "P1M", "2026-03-31T15:00+00:00"),
        ("2026-03-10T15:30+09:00", "P30D", "2026-04-09T15:00+00:00"),
        # In Japan it is the next day already.
        ("2026-03-10T15:30+00:00", "P30D", "2026-04-10T15:00+00:00"),
    ],
)
def test_the_first_day_is_left_out_and_the_last_ends_at_midnight_in_japan(agreed, duration, expected):
    end = until(duration=duration, agreed=datetime.fromisoformat(agreed))
    assert end == datetime.fromisoformat(expected)


def test_the_earliest_limit_counts_and_says_which_it_is():
    end = end_of_use("2027-03-31", "P1Y", AGREED, TOKYO)
    assert end == (datetime(2027, 4, 1, tzinfo=TOKYO), "valid_until")


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("P1M", datetime(2027, 3, 1, tzinfo=TOKYO)),
        ("P1Y1M", datetime(2028, 3, 1, tzinfo=TOKYO)),
        ("P2W", datetime(2027, 2, 14, tzinfo=TOKYO)),
        ("P365D", datetime(2028, 1, 31, tzinfo=TOKYO)),
        ("P11M", datetime(2027, 12, 31, tzinfo=TOKYO)),
        ("P1M1D", datetime(2027, 3, 2, tzinfo=TOKYO)),
        ("P0D", datetime(2027, 1, 30, 12, 0, tzinfo=TOKYO)),
    ],
)
def test_durations_follow_the_calendar(duration, expected):
    assert end_of(datetime(2027, 1, 30, 12, 0, tzinfo=TOKYO), duration) == expected


@pytest.mark.parametrize("duration", ["P", "1Y", "PT1H", "P1.5Y", "a year", ""])
def test_other_durations_are_refused(duration):
    for read in (lambda one: end_of(AGREED, one), period_words):
        with pytest.raises(ValueError, match="no duration"):
            read(duration)


def test_a_period_and_a_last_day_are_told_as_they_are_counted():
    told = period_words("P1Y2M1D")
    assert (
        str(told)
        == "1 year, 2 months, 1 day from the agreement, whose day is not counted, to the end of the last day (Japan time)"
    )
    assert told.ja == "契約成立の日の翌日から起算して1年2か月1日間（末日の24時まで、日本時間）"
    assert day_words("2027-03-31").ja == "2027-03-31の24時まで（日本時間）"
