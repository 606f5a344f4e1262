"""When access ends with the right of use."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from listings.rights.limits import access_until, day_words, end_of, period_words

TOKYO = ZoneInfo("Asia/Tokyo")
AGREED = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


def policy(*constraints):
    return {"permission": [{"action": "use", "constraint": list(constraints)}]}


def limit(operand, value, operator="lteq"):
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def test_a_policy_without_limits_never_expires():
    assert access_until({}, AGREED, TOKYO) is None
    assert access_until(policy(), AGREED, TOKYO) is None
    assert access_until(policy(limit("purpose", "m:research", "isAnyOf")), AGREED, TOKYO) is None


def test_a_day_lasts_to_its_end_in_the_market():
    expected = datetime(2027, 3, 31, 15, 0, tzinfo=UTC)
    assert access_until(policy(limit("dateTime", "2027-03-31")), AGREED, TOKYO) == expected
    typed = {"@value": "2027-03-31", "@type": "xsd:date"}
    assert access_until(policy(limit("odrl:dateTime", typed, "odrl:lteq")), AGREED, TOKYO) == expected


def test_an_instant_is_taken_as_it_is():
    expected = datetime(2027, 3, 31, 3, 0, tzinfo=UTC)
    assert access_until(policy(limit("dateTime", "2027-03-31T12:00:00+09:00")), AGREED, TOKYO) == expected
    assert access_until(policy(limit("dateTime", "2027-03-31T12:00:00")), AGREED, TOKYO) == expected


def test_a_duration_runs_from_the_day_after_the_agreement():
    assert access_until(policy(limit("elapsedTime", "P1Y")), AGREED, TOKYO) == datetime(
        2027, 12, 1, 15, 0, tzinfo=UTC
    )


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
    end = access_until(policy(limit("elapsedTime", duration)), datetime.fromisoformat(agreed), TOKYO)
    assert end == datetime.fromisoformat(expected)


def test_the_earliest_limit_counts():
    both = policy(limit("elapsedTime", "P1Y"), limit("dateTime", "2027-03-31"))
    assert access_until(both, AGREED, TOKYO) == datetime(2027, 3, 31, 15, 0, tzinfo=UTC)


def test_a_beginning_is_no_end():
    assert access_until(policy(limit("dateTime", "2027-03-31", "gteq")), AGREED, TOKYO) is None


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
