"""What is parked is a task of the operator, opened and closed without an event."""

from __future__ import annotations

import pytest

from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.services import emit, retry_parked
from marketplace.notices.models import Task
from marketplace.notices.pipe import watch_parked
from tests.participants import factories

pytestmark = pytest.mark.django_db
HANDLER = "tests.events.probe.handlers.on_registered"


def park(organisation: str = "org_1") -> InboxEntry:
    identifier = emit(OrganisationRegistered(organisation=organisation))
    entry = InboxEntry.objects.create(
        event=OutboxEvent.objects.get(public_id=identifier),
        handler=HANDLER,
        subscriber="probe",
        subject=organisation,
    )
    InboxEntry.objects.filter(pk=entry.pk).update(state="parked", error="RuntimeError: no")
    return entry


def tasks() -> list[tuple[str, str]]:
    return list(Task.objects.filter(kind="repair").order_by("pk").values_list("subject", "state"))


def test_a_parked_entry_opens_one_task_of_the_operator_and_its_repair_closes_it():
    factories.operator()
    entry = park()
    emitted = OutboxEvent.objects.count()
    assert (watch_parked(), watch_parked()) == (1, 1)
    assert tasks() == [(f"events/inbox/{entry.pk}", "open")]
    assert Task.objects.get(kind="repair").title["en"] == (
        f"Repair the cause and retry: {HANDLER} (organisation.registered org_1) is parked after repeated failures"
    )
    retry_parked(entry_id=entry.pk)
    assert watch_parked() == 0
    assert tasks() == [(f"events/inbox/{entry.pk}", "done")]
    assert OutboxEvent.objects.count() == emitted


def test_what_stays_parked_costs_the_same_however_much_it_is(django_assert_num_queries):
    factories.operator()
    for parked in (1, 3):
        for number in range(len(tasks()), parked):
            park(f"org_{number}")
        assert watch_parked() == parked
        with django_assert_num_queries(4):
            assert watch_parked() == parked
    assert [state for _, state in tasks()] == ["open"] * 3


def test_a_market_without_an_operator_opens_nothing():
    park()
    assert watch_parked() == 0
    assert tasks() == []
