"""When access ends with the right of use."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from listings.rights.limits import access_until, after

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


def test_a_duration_runs_from_the_agreement():
    assert access_until(policy(limit("elapsedTime", "P1Y")), AGREED, TOKYO) == datetime(
        2027, 12, 1, 1, 0, tzinfo=UTC
    )


def test_the_earliest_limit_counts():
    both = policy(limit("elapsedTime", "P1Y"), limit("dateTime", "2027-03-31"))
    assert access_until(both, AGREED, TOKYO) == datetime(2027, 3, 31, 15, 0, tzinfo=UTC)


def test_a_beginning_is_no_end():
    assert access_until(policy(limit("dateTime", "2027-03-31", "gteq")), AGREED, TOKYO) is None


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("P1M", datetime(2027, 2, 28, 12, 0, tzinfo=TOKYO)),
        ("P1Y1M", datetime(2028, 2, 29, 12, 0, tzinfo=TOKYO)),
        ("P2W", datetime(2027, 2, 14, 12, 0, tzinfo=TOKYO)),
        ("P365D", datetime(2028, 1, 31, 12, 0, tzinfo=TOKYO)),
        ("P11M", datetime(2027, 12, 31, 12, 0, tzinfo=TOKYO)),
    ],
)
def test_durations_follow_the_calendar(duration, expected):
    assert after(datetime(2027, 1, 31, 12, 0, tzinfo=TOKYO), duration) == expected


@pytest.mark.parametrize("duration", ["P", "1Y", "PT1H", "P1.5Y", "a year", ""])
def test_other_durations_are_refused(duration):
    with pytest.raises(ValueError, match="no duration"):
        after(AGREED, duration)
