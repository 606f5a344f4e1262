"""What is parked is a task of the operator, opened and closed without an event; a common cause is one task."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection

from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.services import emit_all, retry_parked
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.jobs.services import enqueue
from marketplace.kernel.aside import FAILURES_MAX, Loop
from marketplace.kernel.clock import real_now
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.models import AsideRow
from marketplace.notices.models import SUBJECT_LENGTH_MAX, Task
from marketplace.notices.pipe import TASKS_EACH_MAX, retry_parked_event, watch_parked
from tests.jobs.probe import kinds
from tests.participants import factories
from tests.poison import aside, let_pauses_pass, poisoned
from tests.roles import unguarded

pytestmark = pytest.mark.django_db
HANDLER = "tests.events.probe.handlers.on_registered"
MANY = 600


def park_many(count: int) -> list[int]:
    """Park as many events of the handler, each of its own subject; returns the keys of their entries."""
    identifiers = emit_all([OrganisationRegistered(organisation=f"org_{number}") for number in range(count)])
    events = OutboxEvent.objects.filter(public_id__in=identifiers).order_by("id")
    entries = InboxEntry.objects.bulk_create(
        InboxEntry(event=event, handler=HANDLER, subscriber="probe", subject=event.subject)
        for event in events
    )
    keys = [entry.pk for entry in entries]
    InboxEntry.objects.filter(pk__in=keys).update(state="parked", error="RuntimeError: no")
    return keys


def park() -> InboxEntry:
    (key,) = park_many(1)
    return InboxEntry.objects.get(pk=key)


def park_job(tmp_path) -> str:
    told = {"trace": str(tmp_path / "trace"), "act": "fail"}
    job = enqueue(kind=kinds.PLAIN, subject="thing_1", arguments=told)
    run_due("default")
    return job.public_id


def tasks() -> list[tuple[str, str]]:
    return list(Task.objects.filter(kind="repair").order_by("pk").values_list("subject", "state"))


def test_a_parked_entry_opens_one_task_of_the_operator_and_its_repair_closes_it():
    factories.operator()
    entry = park()
    emitted = OutboxEvent.objects.count()
    assert (watch_parked(), watch_parked()) == (1, 1)
    assert tasks() == [(f"events/inbox/{entry.pk}", "open")]
    assert Task.objects.get(kind="repair").title["en"] == (
        f"Repair the cause and retry: {HANDLER} (organisation.registered org_0) is parked after repeated failures"
    )
    retry_parked(entry_id=entry.pk)
    assert watch_parked() == 0
    assert tasks() == [(f"events/inbox/{entry.pk}", "done")]
    assert OutboxEvent.objects.count() == emitted


def test_what_stays_parked_costs_the_same_however_much_it_is(django_assert_num_queries):
    factories.operator()
    for parked in (1, 3):
        park_many(parked - len(tasks()))
        assert watch_parked() == parked
        # One more than for events and jobs alone: the rows that stand aside.
        with django_assert_num_queries(5):
            assert watch_parked() == parked
    assert [state for _, state in tasks()] == ["open"] * 3


def test_a_market_without_an_operator_opens_nothing():
    park()
    assert watch_parked() == 0
    assert tasks() == []


def test_many_parked_events_of_one_handler_are_one_task_and_hide_no_job(tmp_path):
    factories.operator()
    keys = park_many(MANY)
    job = park_job(tmp_path)
    assert (watch_parked(), watch_parked()) == (MANY + 1, MANY + 1)
    assert tasks() == [(HANDLER, "open"), (job, "open")]
    assert Task.objects.get(subject=HANDLER).title["en"] == (
        f"Repair the cause and retry: many events of {HANDLER} are parked after repeated failures"
    )
    for key in keys[1:]:
        retry_parked(entry_id=key)
    # The last one is still a matter of the same task, which ends with it.
    assert watch_parked() == 2
    assert tasks() == [(HANDLER, "open"), (job, "open")]
    retry_parked(entry_id=keys[0])
    assert watch_parked() == 1
    assert tasks() == [(HANDLER, "done"), (job, "open")]


def test_a_cause_that_grows_gets_one_more_task_and_the_first_stay_until_they_are_repaired():
    factories.operator()
    first, second = park_many(2)
    watch_parked()
    park_many(TASKS_EACH_MAX)
    watch_parked()
    assert tasks() == [
        (f"events/inbox/{first}", "open"),
        (f"events/inbox/{second}", "open"),
        (HANDLER, "open"),
    ]
    retry_parked(entry_id=first)
    watch_parked()
    assert tasks() == [
        (f"events/inbox/{first}", "done"),
        (f"events/inbox/{second}", "open"),
        (HANDLER, "open"),
    ]


def test_every_handler_can_be_the_subject_of_a_task():
    handlers = {each for subscribed in settings.EVENT_SUBSCRIPTIONS.values() for each in subscribed}
    assert [each for each in sorted(handlers) if len(each) > SUBJECT_LENGTH_MAX] == []


def test_who_retries_a_parked_event_is_on_record():
    operator = factories.operator()
    entry = park()
    answer = factories.client_of(operator).post(f"/api/v1/events/inbox/{entry.pk}/retry/")
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    (record,) = EvidenceRecord.objects.filter(kind="events.retried")
    assert (record.subject, record.payload) == (
        entry.event.public_id,
        {"entry": entry.pk, "handler": HANDLER},
    )
    assert record.actor.startswith("usr_")


def test_only_the_operator_retries_a_parked_event():
    entry = park()
    with pytest.raises(Forbidden):
        retry_parked_event(actor=factories.actor_for(factories.organisation()), entry_id=entry.pk)
    entry.refresh_from_db()
    assert (entry.state, EvidenceRecord.objects.filter(kind="events.retried").count()) == ("parked", 0)


def test_a_row_that_stands_aside_is_a_task_until_it_is_retried():
    operator = factories.operator()
    loop = Loop("kernel.probe")
    for _ in range(FAILURES_MAX):
        loop.set_aside("row_1", ValueError("poison"))
    loop.set_aside("row_2", "sealed by its hash", for_good=True)
    assert watch_parked() == 2
    rows = {row.subject: row.public_id for row in AsideRow.objects.all()}
    assert tasks() == [(rows["row_1"], "open"), (rows["row_2"], "open")]
    assert Task.objects.get(subject=rows["row_1"]).title["en"] == (
        "row_1 could not be processed and stands aside (kernel.probe): ValueError: poison. Repair the cause"
    )
    client, stranger = factories.client_of(operator), factories.client_of(factories.organisation())
    assert stranger.post(f"/api/v1/aside-rows/{rows['row_1']}/retry/").status_code == 403
    shown = client.get("/api/v1/aside-rows/?ended=false").json()["results"]
    assert {row["subject"]: row["next_at"] is None for row in shown} == {"row_1": False, "row_2": True}
    for row in rows.values():
        assert client.post(f"/api/v1/aside-rows/{row}/retry/").status_code == 200
    assert loop.each(["row_1"], lambda row: 1) == 1
    assert (watch_parked(), tasks()) == (0, [(rows["row_1"], "done"), (rows["row_2"], "done")])
    assert EvidenceRecord.objects.filter(kind="kernel.aside_retried").count() == 2


def test_a_task_that_cannot_be_opened_or_closed_holds_back_no_other():
    factories.operator()
    loop, stuck = Loop("kernel.probe"), {}
    for name in ("row_1", "row_2"):
        loop.set_aside(name, "poison", for_good=True)
        stuck[name] = AsideRow.objects.get(subject=name).public_id
    with poisoned("notices_task", f"NEW.subject = '{stuck['row_1']}'"):
        for _ in range(FAILURES_MAX):
            watch_parked()
        assert (tasks(), aside("notices.open_tasks")) == ([(stuck["row_2"], "open")], [stuck["row_1"]])
        watch_parked()
        opened = AsideRow.objects.get(loop="notices.open_tasks")
        assert (opened.public_id, "open") in tasks()
    let_pauses_pass()
    watch_parked()
    assert (stuck["row_1"], "open") in tasks()
    AsideRow.objects.filter(loop="kernel.probe").update(ended_at=real_now())
    with poisoned("notices_task", f"NEW.subject = '{stuck['row_1']}'"):
        for _ in range(FAILURES_MAX):
            watch_parked()
        found = dict(tasks())
        assert (found[stuck["row_1"]], found[stuck["row_2"]]) == ("open", "done")
        assert aside("notices.close_tasks") == [stuck["row_1"]]
    let_pauses_pass()
    watch_parked()
    watch_parked()
    assert {state for _, state in tasks()} == {"done"}


def test_many_rows_of_one_loop_are_one_task():
    factories.operator()
    for number in range(TASKS_EACH_MAX + 1):
        Loop("kernel.probe").set_aside(f"row_{number}", "poison", for_good=True)
    watch_parked()
    assert tasks() == [("kernel.probe", "open")]


def without_task() -> list[str]:
    return [row["subject"] for row in REGISTER["notices.parked_has_a_task"].check()]


def long_ago(table: str, column: str) -> None:
    """As if all rows of the table had been parked eleven minutes ago."""
    with unguarded(table), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = now() - interval '11 minutes'")


def test_what_is_parked_without_a_task_is_named(tmp_path):
    factories.operator()
    entry, job = park(), park_job(tmp_path)
    for _ in range(FAILURES_MAX):
        Loop("trial.loop").set_aside("row_1", "no")
    row = AsideRow.objects.get().public_id
    assert without_task() == []
    for table, column in (
        ("events_inboxentry", "due_at"),
        ("jobs_job", "due_at"),
        ("kernel_asiderow", "since"),
    ):
        long_ago(table, column)
    names = [f"events/inbox/{entry.pk}", job, row]
    assert without_task() == names
    watch_parked()
    assert without_task() == []
    with unguarded("notices_task"), connection.cursor() as cursor:
        cursor.execute("UPDATE notices_task SET state = 'moot', closed_at = now() WHERE subject = %s", [job])
    assert without_task() == [job]


def test_a_task_for_the_handler_names_all_that_it_parked():
    factories.operator()
    park_many(TASKS_EACH_MAX + 2)
    long_ago("events_inboxentry", "due_at")
    assert len(without_task()) == TASKS_EACH_MAX + 2
    watch_parked()
    assert without_task() == []
