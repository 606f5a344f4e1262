"""Until when an incident is reported, by the law in force when it was known."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from marketplace.oversight.incidents.law import duties

TOKYO = ZoneInfo("Asia/Tokyo")


def due(ground: str, known_on: date) -> dict[str, date]:
    return {str(each.duty): each.due_on for each in duties(ground, known_on, TOKYO)}


def test_a_leak_known_on_a_friday_is_due_on_the_monday_after_day_thirty():
    assert due("special_care", date(2026, 4, 10)) == {"first": date(2026, 4, 14), "full": date(2026, 5, 11)}


@pytest.mark.parametrize(
    ("ground", "known_on", "full"),
    [
        ("many", date(2026, 4, 9), date(2026, 5, 8)),  # day 30 is a Friday
        ("property", date(2026, 4, 6), date(2026, 5, 7)),  # day 30 is in the holidays of May
        ("wrongful", date(2026, 4, 10), date(2026, 6, 8)),  # day 60
        ("special_care", date(2026, 12, 3), date(2027, 1, 4)),  # day 30 is 1 January, a Friday
    ],
)
def test_the_last_day_moves_past_weekends_and_holidays(ground, known_on, full):
    assert due(ground, known_on)["full"] == full


def test_a_first_report_is_prompt_and_does_not_move():
    assert due("many", date(2026, 4, 8))["first"] == date(2026, 4, 12)  # a Sunday


def test_what_law_does_not_demand_is_not_due():
    assert due("none", date(2026, 4, 10)) == {}
    assert due("many", date(2022, 3, 31)) == {}


def test_a_deadline_is_the_end_of_its_day_in_the_zone_of_the_market():
    (_, full) = duties("many", date(2026, 4, 10), TOKYO)
    assert full.due_at.isoformat() == "2026-05-11T23:59:00+09:00"
