"""An organisation has a task while it can keep its admission."""

from __future__ import annotations

import pytest

from marketplace.events.schemas.participants import (
    AdmissionConditionMoved,
    AdmissionDecided,
    AdmissionEnding,
)
from marketplace.notices.handlers import on_admission_decided
from marketplace.notices.handlers.admissions import on_admission_ending, on_condition_moved
from marketplace.notices.models import Notice, Task
from tests.participants import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admission():
    factories.operator()
    return factories.admit(factories.organisation("A"))


def moved(admission, change: str) -> None:
    event = AdmissionConditionMoved(
        condition="acd_1",
        admission=admission.public_id,
        organisation=admission.organisation.public_id,
        qualification="isms",
        due_on="2030-05-31",
        change=change,
    )
    on_condition_moved(event, None)  # type: ignore[arg-type]


def tasks() -> list[tuple[str, str]]:
    return list(Task.objects.order_by("pk").values_list("kind", "state"))


def test_a_condition_is_a_task_until_it_is_settled(admission):
    moved(admission, "stated")
    assert tasks() == [("keep", "open")]
    assert Task.objects.get().deadline.isoformat() == "2030-05-31T15:00:00+00:00"
    moved(admission, "due")
    assert "2030-05-31" in Notice.objects.get(subject="acd_1").title["ja"]
    moved(admission, "met")
    assert tasks() == [("keep", "done")]


def test_an_admission_that_ends_is_a_task_until_it_is_renewed(admission):
    facts = {
        "admission": admission.public_id,
        "organisation": admission.organisation.public_id,
        "segment": "mobility",
        "capacity": "buyer",
    }
    on_admission_ending(AdmissionEnding(**facts, expires_on="2030-05-31"), None)  # type: ignore[arg-type]
    assert tasks() == [("keep", "open")]
    on_admission_decided(AdmissionDecided(**facts, state="renewed", decision=None), None)  # type: ignore[arg-type]
    assert tasks() == [("keep", "done")]
