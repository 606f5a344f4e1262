"""What happens in the running period changes nothing that everybody reads: two readings tell of no single participant."""

from __future__ import annotations

import pytest

from marketplace.rules.figures import NEUTRALITY
from marketplace.rules.neutrality.decisions import count_decisions
from marketplace.rules.neutrality.periods import Period
from tests.participants import factories as participants

from .factories import DAY, begin, decide, end_day, made, traded_day

pytestmark = pytest.mark.django_db
PATH = "/api/v1/neutrality/"


def reading(api) -> dict:
    """What everybody reads after the figures were made anew."""
    NEUTRALITY.make()
    return {**api.get(PATH).json(), "made_at": ""}


@pytest.mark.parametrize("has_bundle", [False, True])
def test_two_readings_around_a_decision_are_the_same(api, has_bundle):
    traded_day()
    end_day()
    if has_bundle:
        made()
    before = reading(api)
    auditor = participants.client_of(participants.operator(), roles=("auditor",))
    told = auditor.get(PATH).json()["decisions"]
    decide(participants.organisation("後", kind="individual", corporate_number=None))
    assert reading(api) == before
    assert auditor.get(PATH).json()["decisions"] != told
    assert before["decisions"] == ({"admission": {"allow": 4, "hold": None}} if has_bundle else {})


def test_a_bundle_counts_decisions_of_three_participants_or_more():
    begin()
    for at in range(2):
        decide(participants.organisation(f"法{at}"))
    assert count_decisions(Period(DAY, DAY)) == {"admission": {"allow": None}}
    decide(participants.organisation("法2"))
    assert count_decisions(Period(DAY, DAY)) == {"admission": {"allow": 3}}
