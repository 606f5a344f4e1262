"""Parameters of the rulebook: known ones only, of their type, each with a default, cheap to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.kernel import clock
from marketplace.rules import queries
from marketplace.rules.document import check_document
from marketplace.rules.errors import NoParameter, RulebookRefused
from marketplace.rules.models import Rulebook
from marketplace.rules.parameters import NOTICE, PARAMETERS, values_of

from .factories import VOCABULARY, document, fixture_document, publish

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
DEFAULTS = {
    "second_person_minor": 1_000_000,
    "second_person_hours": 24,
    "commissioned_payment_days": 60,
    "commissioned_lead_business_days": 5,
    "usage_days": 1,
    "collection_days": 30,
    "guaranteed_payment_days": 30,
    "guarantee_lead_days": 30,
    "reserve_cap_minor": 10_000_000,
    "cycle_overdue_minutes": 60,
    "refund_returns_fee": True,
    "witnesses_min": 0,
    "short_lived_minutes": 60,
    "admission_days": 3_660,
    "case_days": 10,
    "appeal_days": 30,
    "expulsion_days": 1_095,
    "law_grace_days": 30,
    "incident_reminder_days": 3,
    "consultation_business_days": 10,
    "review_days": 14,
    "control_notice_hours": 72,
    "rulebook_notice_hours": 0,
}


def test_every_parameter_has_a_default_that_it_could_be_given_and_a_meaning():
    assert {name: known.default for name, known in PARAMETERS.items()} == DEFAULTS
    assert [name for name, known in PARAMETERS.items() if known.fault_of(known.default)] == [NOTICE]
    assert all(known.meaning.ja != known.meaning.en for known in PARAMETERS.values())


@pytest.mark.parametrize(
    ("stated", "place", "words"),
    [
        ({"second_person_yen": 5}, "parameters.second_person_yen", "second_person_minor"),
        ({"colour": 1}, "parameters.colour", "unknown parameter; similar names: "),
        ({"usage_days": "5"}, "parameters.usage_days", "from 0 to 3,660"),
        ({"usage_days": True}, "parameters.usage_days", "from 0 to 3,660"),
        ({"usage_days": -1}, "parameters.usage_days", "from 0 to 3,660"),
        ({"usage_days": 3_661}, "parameters.usage_days", "from 0 to 3,660"),
        (
            {"second_person_minor": 1_000_000_000_001},
            "parameters.second_person_minor",
            "to 1,000,000,000,000",
        ),
        ({"second_person_hours": 0}, "parameters.second_person_hours", "from 1 to"),
        ({"refund_returns_fee": 1}, "parameters.refund_returns_fee", "true or false"),
        ({"refund_returns_fee": "yes"}, "parameters.refund_returns_fee", "true or false"),
    ],
)
def test_what_is_no_parameter_is_refused_with_its_place(stated, place, words):
    faults, _ = check_document(document(parameters=stated), VOCABULARY)
    assert [fault["place"] for fault in faults] == [place]
    assert words in faults[0]["message"]["en"]
    assert faults[0]["message"]["ja"] != faults[0]["message"]["en"]


def test_every_parameter_can_be_stated():
    assert check_document(document(parameters={**DEFAULTS, NOTICE: 24}), VOCABULARY)[0] == []


def test_what_a_rulebook_of_other_days_states_does_not_count():
    assert values_of({"usage_days": "5", "colour": 1}) == DEFAULTS


@pytest.mark.django_db
def test_a_rulebook_with_a_wrong_parameter_is_not_published():
    with pytest.raises(RulebookRefused):
        publish(document(parameters={"second_person_minor": "much"}))
    assert Rulebook.objects.count() == 0


@pytest.mark.django_db
def test_a_parameter_is_as_the_rulebook_in_force_says_else_its_default():
    clock.move_to(NOON, running=False)
    assert queries.parameter("usage_days") == 1
    publish(document(parameters={"usage_days": 3, "refund_returns_fee": False}))
    publish(document(parameters={"usage_days": 9}), effective_from=NOON + timedelta(days=1))
    assert queries.parameter("usage_days") == 3
    assert queries.parameter("refund_returns_fee") is False
    assert queries.parameter("second_person_minor") == 1_000_000
    assert queries.parameter("usage_days", at=NOON + timedelta(days=1)) == 9
    assert queries.parameter("refund_returns_fee", at=NOON + timedelta(days=1)) is True
    with pytest.raises(NoParameter):
        queries.parameter("colour")


@pytest.mark.django_db
def test_reading_a_parameter_again_reads_one_row_without_the_rulebook():
    publish()
    queries.parameter("usage_days")
    with CaptureQueriesContext(connection) as captured:
        assert queries.parameter("second_person_minor") == 1_000_000
    # The business clock, and which version is in force.
    assert len(captured) == 2
    assert "document" not in captured[-1]["sql"]


@pytest.mark.django_db
def test_everybody_reads_the_parameters_in_force(api):
    before = api.get("/api/v1/parameters/").json()
    assert before["rulebook"] is None
    assert {row["name"]: row["value"] for row in before["parameters"]} == DEFAULTS
    rulebook = publish(fixture_document() | {"parameters": {"usage_days": 7}})
    after = api.get("/api/v1/parameters/").json()
    assert after["rulebook"] == rulebook.public_id
    row = next(row for row in after["parameters"] if row["name"] == "usage_days")
    assert (row["type"], row["value"], row["default"]) == ("int", 7, 1)
    assert set(row["meaning"]) == {"ja", "en"}
