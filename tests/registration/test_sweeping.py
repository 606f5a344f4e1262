"""Applications that are not completed lapse; registered organisations are screened again when it is time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.registration import bounds, services, sweeping, tasks
from marketplace.registration.handlers import on_facts_changed
from marketplace.registration.models import Registration, Screening
from tests.participants.factories import organisation
from tests.participants.stating import restate
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

from . import factories

pytestmark = pytest.mark.django_db


def after(delay: timedelta) -> None:
    clock.move_to(clock.now() + delay)


def test_an_unproved_application_lapses_after_two_days():
    row = factories.begun()
    after(bounds.UNPROVED_LAPSES - timedelta(minutes=1))
    assert (tasks.sweep(), Registration.objects.get().state) == (0, "draft")
    after(timedelta(minutes=2))
    assert tasks.sweep() == 1
    row.refresh_from_db()
    assert (row.state, row.closed_by) == ("lapsed", "system")


def test_a_proved_application_has_a_month():
    row = factories.proved()
    after(bounds.UNPROVED_LAPSES + timedelta(minutes=1))
    assert tasks.sweep() == 0
    after(bounds.DRAFT_LAPSES - bounds.UNPROVED_LAPSES)
    assert tasks.sweep() == 1
    row.refresh_from_db()
    assert row.state == "lapsed"


def test_what_is_submitted_never_lapses():
    row = factories.submitted()
    after(timedelta(days=400))
    assert tasks.sweep() == 0
    row.refresh_from_db()
    assert row.state == "submitted"


def test_a_lapsed_application_makes_room_for_another():
    for _ in range(bounds.DRAFTS_PER_ADDRESS_MAX):
        factories.begun()
    after(bounds.UNPROVED_LAPSES)
    assert tasks.sweep() == bounds.DRAFTS_PER_ADDRESS_MAX
    assert factories.begun().is_quiet is False


def test_an_application_that_cannot_lapse_stands_aside(operator):
    stuck, other = factories.begun(), factories.begun()
    after(bounds.UNPROVED_LAPSES)
    with poisoned("registration_registration", f"NEW.id = {stuck.pk} AND NEW.state = 'lapsed'"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 1
    for row in (stuck, other):
        row.refresh_from_db()
    assert (stuck.state, other.state) == ("draft", "lapsed")
    assert aside("registration.lapse") == [stuck.public_id]
    ((title, state),) = tasks_to_repair()
    assert (stuck.public_id in title, state) == (True, "open")
    let_pauses_pass()
    assert tasks.sweep() == 1
    assert tasks_to_repair()[0][1] == "done"


def causes() -> list[str]:
    return list(Screening.objects.order_by("pk").values_list("cause", flat=True))


def test_a_registered_organisation_is_screened_every_month(operator):
    factories.accepted(operator)
    after(bounds.SCREENING_VALID - timedelta(minutes=1))
    assert tasks.rescreen() == 0
    after(timedelta(minutes=2))
    assert (tasks.rescreen(), tasks.rescreen()) == (1, 0)
    run_due("default")
    assert (causes(), tasks.rescreen()) == (["submission", "schedule"], 0)


@pytest.mark.parametrize("loaded", ["list", "registry"])
def test_a_newer_list_screens_everybody_again(operator, loaded):
    row = factories.accepted(operator)
    if loaded == "list":
        factories.sanctions("Ivan Petrov")
    else:
        factories.registry(row)
    assert tasks.rescreen() == 1
    run_due("default")
    assert (causes(), tasks.rescreen()) == (["submission", "lists"], 0)


def test_changed_facts_are_screened_again(operator):
    row = factories.accepted(operator)
    restate(row.organisation, representative="代表取締役 阿波 太郎")
    assert tasks.rescreen() == 1
    run_due("default")
    assert (causes(), tasks.rescreen()) == (["submission", "facts"], 0)


@pytest.mark.parametrize(
    ("facts", "screened"),
    [
        ({"address": "大阪府大阪市1-1"}, ["submission", "facts"]),
        ({"contact_email": "x@y.jp"}, ["submission"]),
    ],
)
def test_changed_facts_are_screened_at_once(operator, facts, screened):
    row = factories.accepted(operator)
    restate(row.organisation, **facts)
    event = OutboxEvent.objects.get(type="organisation.facts_changed")
    for _ in range(2):
        on_facts_changed(parse(event.type, event.data), envelope_of(event))
    assert causes() == screened


def test_who_never_applied_is_not_screened(operator):
    other = organisation("B")
    restate(other, address="大阪府大阪市1-1")
    event = OutboxEvent.objects.get(type="organisation.facts_changed")
    on_facts_changed(parse(event.type, event.data), envelope_of(event))
    assert causes() == []


def test_what_waits_for_the_operator_is_screened_with_newer_lists(operator):
    reviewed, confirming = factories.screened(), factories.proposed(operator, email="b@example.jp")
    factories.sanctions("Ivan Petrov")
    assert tasks.rescreen() == 2
    run_due("default")
    for row in (reviewed, confirming):
        row.refresh_from_db()
    assert (reviewed.state, confirming.state) == ("in_review", "in_review")
    assert tasks.rescreen() == 0


def test_nobody_else_is_screened_again(operator):
    factories.begun()
    row = factories.screened()
    services.refuse(actor=factories.person_of(operator, "first"), registration=row.public_id, reason="x")
    after(2 * bounds.SCREENING_VALID)
    assert tasks.rescreen() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_the_schedule_takes_the_same_queries_for_any_number(operator, rows, django_assert_num_queries):
    for number in range(rows):
        factories.accepted(operator, email=f"{number}@example.jp")
    with django_assert_num_queries(10):
        assert tasks.rescreen() == 0


def test_the_schedule_reads_many_in_chunks(operator, monkeypatch):
    monkeypatch.setattr(sweeping, "CHUNK", 2)
    rows = [factories.accepted(operator, email=f"{number}@example.jp") for number in range(3)]
    after(bounds.SCREENING_VALID)
    assert tasks.rescreen() == len(rows)


def test_an_organisation_that_cannot_be_screened_stands_aside(operator):
    stuck = factories.accepted(operator, email="a@example.jp")
    factories.accepted(operator, email="b@example.jp")
    after(bounds.SCREENING_VALID)
    with poisoned("registration_screening", f"NEW.registration_id = {stuck.pk}"):
        assert sum(tasks.rescreen() for _ in range(RUNS)) == 1
    assert aside("registration.rescreen") == [stuck.public_id]
    ((title, state),) = tasks_to_repair()
    assert (stuck.public_id in title, state) == (True, "open")
    let_pauses_pass()
    assert tasks.rescreen() == 1
    assert tasks_to_repair()[0][1] == "done"
