"""What happens in the running period changes nothing that everybody reads: two readings tell of no single participant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.participants.models import Admission
from marketplace.participants.queries import sellers_by_segment
from marketplace.participants.services import withdraw_admission
from marketplace.rules.figures import NEUTRALITY
from marketplace.rules.neutrality.decisions import count_decisions
from marketplace.rules.neutrality.periods import Period
from tests.participants import factories as participants
from tests.roles import unguarded
from tests.rules.factories import document, publish, rule, tariff

from .factories import DAY, begin, decide, end_day, made, naming, traded_day

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


def aimed(told) -> list[tuple[int, str, str]]:
    return [(row["number"], row["entry"], row["aim"]) for row in told["aimed_rules"]]


def test_what_is_aimed_is_listed_as_of_the_periods_end(api):
    fee = tariff("ALONE", "trade.segment == 'mobility'")
    begin(document(rule("ALL", "true", "allow", point="admission"), tariffs=[fee, tariff("LAST")]))
    participants.admitted("一", capacity="seller")
    end_day()
    auditor = participants.client_of(participants.operator(), roles=("auditor",))
    assert aimed(reading(api)) == []
    assert aimed(auditor.get(PATH).json()) == [(1, "ALONE", "one_seller")]
    # What happens between the period's end and the making of its bundle is of the next period.
    second = participants.admitted("二", capacity="seller")
    publish(naming(second))
    made()
    assert aimed(reading(api)) == [(1, "ALONE", "one_seller")]
    assert aimed(auditor.get(PATH).json()) == [(2, "NAME", "names_a_party")]
    admission = Admission.objects.get(organisation=second).public_id
    withdraw_admission(actor=participants.actor_for(second), admission=admission, reason="x")
    assert len(aimed(auditor.get(PATH).json())) == 2
    assert aimed(reading(api)) == [(1, "ALONE", "one_seller")]


def test_sellers_of_a_past_moment_are_those_who_stood_then():
    begin()
    first = participants.admitted("一", capacity="seller")
    end_day()
    then = Period(DAY, DAY).ends_at
    participants.admitted("二", capacity="seller")
    assert (sellers_by_segment(before=then)["mobility"], sellers_by_segment()["mobility"]) == (1, 2)
    for state, last_day, stood in (
        ("expired", DAY, 0),
        ("expired", DAY + timedelta(days=1), 1),
        ("withdrawn", None, 0),
        ("renewed", None, 0),
    ):
        with unguarded("participants_admission"):
            Admission.objects.filter(organisation=first).update(state=state, expires_on=last_day)
        assert sellers_by_segment(before=then)["mobility"] == stood


def test_a_bundle_counts_decisions_of_three_participants_or_more():
    begin()
    for at in range(2):
        decide(participants.organisation(f"法{at}"))
    assert count_decisions(Period(DAY, DAY)) == {"admission": {"allow": None}}
    decide(participants.organisation("法2"))
    assert count_decisions(Period(DAY, DAY)) == {"admission": {"allow": 3}}
