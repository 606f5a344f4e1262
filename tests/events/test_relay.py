"""Outbox to inbox to handler: nothing lost, nothing twice, in order, whatever commits when."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from marketplace.events import handling, queries, services
from marketplace.events.claiming import Claimer
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.relaying import HAS_UNRELAYED, relay
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.states import InboxState
from marketplace.kernel.nudges import begin_nudged
from tests.roles import as_owner

from .pipe import HANDLER, emit, execute, open_transaction, put_entries
from .probe import handlers


def deliver(expected: int) -> int:
    """Deliver until ``expected`` were handled, or for some seconds: other databases of the server hold the relay back."""
    handled, deadline = 0, time.monotonic() + 120
    while handled < expected and time.monotonic() < deadline:
        handled += services.deliver_due()
        time.sleep(0.02)
    return handled + services.deliver_due()


def wait_until_quiet() -> None:
    """Deliver until nothing waits, or for some seconds."""
    deadline = time.monotonic() + 120
    while not queries.all_handled() and time.monotonic() < deadline:
        services.deliver_due()
        time.sleep(0.02)


def test_one_transaction_asks_for_the_relay_once(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        emit("org_1", "org_2")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            services.emit(OrganisationRegistered(organisation="org_3"))
            raise ZeroDivisionError
    assert callbacks == [services.nudge]


def test_an_event_that_was_taken_back_leaves_the_next_its_nudge(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            services.emit(OrganisationRegistered(organisation="org_4"))
            raise ZeroDivisionError
        services.emit(OrganisationRegistered(organisation="org_5"))
    assert callbacks == [services.nudge]


def test_an_event_does_not_enter_the_inbox_of_a_handler_that_passes_it_over(probed, settings):
    settings.EVENTS_PASSED_OVER = {HANDLER: {"organisation": "org_2"}}
    emit("org_1", "org_2", "org_3")
    assert deliver(2) == 2
    assert handlers.seen() == ["org_1", "org_3"]
    counts = queries.counts()
    assert (counts.emitted, counts.handled, counts.unrelayed) == (3, 2, 0)
    assert queries.all_handled()


def test_an_entry_that_is_there_before_the_relay_stops_it_not(probed):
    """Whoever writes events can write an entry of one in the same transaction, ahead of the relay."""
    with transaction.atomic():
        services.emit(OrganisationRegistered(organisation="org_1"))
        event = OutboxEvent.objects.get()
        InboxEntry.objects.create(event=event, handler=HANDLER, subscriber="probe", subject="org_1")
    emit("org_2")
    assert deliver(2) == 2
    assert sorted(handlers.seen()) == ["org_1", "org_2"]
    assert queries.all_handled()


def test_a_delivery_asks_for_no_other_for_what_its_own_handlers_emit(probed):
    handlers.EMITTING.add("org_1")
    emit("org_1")
    assert cache.get(services.NUDGE_KEY) == 1
    begin_nudged(services.NUDGE_KEY)
    assert deliver(2) == 2
    assert (cache.get(services.NUDGE_KEY), handlers.seen()) == (None, ["org_1", "org_1 again"])


def test_a_delivery_with_much_to_do_asks_another_worker(probed):
    emit(*(f"org_{number}" for number in range(services.SHARED_FROM)))
    begin_nudged(services.NUDGE_KEY)
    assert deliver(services.SHARED_FROM) == services.SHARED_FROM
    assert cache.get(services.NUDGE_KEY) == 1


def test_a_delivery_that_ends_for_its_time_asks_for_the_next(probed):
    assert services.deliver_due(seconds=0) == 0
    assert cache.get(services.NUDGE_KEY) == 1


def test_an_event_needs_a_transaction(probed):
    with pytest.raises(services.EmittedOutsideTransaction):
        services.emit(OrganisationRegistered(organisation="org_1"))
    assert OutboxEvent.objects.count() == 0


def test_an_event_of_a_failed_change_never_was(probed):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.emit(OrganisationRegistered(organisation="org_1"))
        raise ZeroDivisionError
    assert (services.deliver_due(), OutboxEvent.objects.count()) == (0, 0)


def test_events_are_handled_once_and_in_order(probed):
    emit("org_1", "org_2")
    emit("org_3")
    assert deliver(3) == 3
    assert services.deliver_due() == 0
    assert handlers.seen() == ["org_1", "org_2", "org_3"]
    assert queries.all_handled()


def test_a_late_commit_is_not_passed_over(probed):
    """A transaction that began first and commits last: the relay waits for it instead of passing it by."""
    with open_transaction(lambda: services.emit(OrganisationRegistered(organisation="org_slow"))):
        emit("org_quick")
        assert services.deliver_due() == 0
    assert deliver(2) == 2
    assert handlers.seen() == ["org_slow", "org_quick"]


def test_a_delivery_waits_a_moment_for_what_an_older_transaction_holds_back(probed):
    """The older one emits nothing, so nobody would ask for a delivery when it ends."""
    with open_transaction(lambda: execute("SELECT pg_current_xact_id()")) as may_commit:
        emit("org_1")
        threading.Timer(services.HELD_SECONDS_MAX / 5, may_commit.set).start()
        assert services.deliver_due() == 1
    assert handlers.seen() == ["org_1"]


def test_a_failing_handler_leaves_nothing_and_holds_back_its_subject_only(probed):
    handlers.FAILING.add("org_1")
    emit("org_1", "org_1", "org_2")
    deliver(2)
    assert handlers.seen() == ["org_2"]
    assert queries.counts().pending == 2
    assert queries.handler_failures() == [
        f"{HANDLER} failed 1 times on organisation.registered org_1: RuntimeError: org_1 cannot be handled yet"
    ]


def test_a_repaired_handler_catches_up_in_order(probed):
    handlers.FAILING.add("org_1")
    emit("org_1", "org_1")
    deliver(1)
    handlers.FAILING.clear()
    InboxEntry.objects.filter(state=InboxState.PENDING).update(due_at=timezone.now())
    assert services.deliver_due() == 2
    assert handlers.seen() == ["org_1", "org_1"]


def test_a_handler_that_keeps_failing_is_parked_until_retried(probed):
    handlers.FAILING.add("org_1")
    emit("org_1")
    for _ in range(handling.ATTEMPTS_MAX):
        InboxEntry.objects.update(due_at=timezone.now())
        deliver(1)
    (entry,) = InboxEntry.objects.all()
    assert (entry.state, entry.attempts) == (InboxState.PARKED, handling.ATTEMPTS_MAX)
    assert not queries.all_handled()
    handlers.FAILING.clear()
    services.retry_parked(entry_id=entry.pk)
    assert services.deliver_due() == 1
    assert handlers.seen() == ["org_1"]


def test_two_workers_share_the_work_without_doing_it_twice(probed):
    emit(*(f"org_{number}" for number in range(40)))

    def work() -> None:
        services.deliver_due()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    wait_until_quiet()
    assert sorted(handlers.seen()) == sorted(f"org_{number}" for number in range(40))


def test_without_a_broker_the_sweep_finds_what_the_nudge_lost(probed, settings, caplog):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    from celery import current_app

    current_app.conf.broker_url, kept = "redis://127.0.0.1:1/0", current_app.conf.broker_url
    try:
        emit("org_1")
    finally:
        current_app.conf.broker_url = kept
    assert deliver(1) == 1
    assert handlers.seen() == ["org_1"]


@pytest.mark.parametrize("question", [f"SELECT {HAS_UNRELAYED}", queries.QUIET])
def test_whether_an_event_waits_for_the_relay_is_found_by_the_index_at_any_history(probed, question):
    """The planner expects a third of a range behind the position, and would read it from its beginning."""
    put_entries(4_000)
    with as_owner():
        execute("ANALYZE events_outboxevent")
    plan = [line for (line,) in execute(f"EXPLAIN {question}") if " on events_outboxevent_0 " in line]
    assert len(plan) == 1
    assert "Index Only Scan" in plan[0]


def test_what_a_cycle_must_still_see_is_counted_by_commit(probed):
    emit("org_1")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        barrier = int(cursor.fetchone()[0])
    emit("org_2")
    assert queries.count_unhandled_before(barrier, "probe") >= 1
    relayed, deadline = 0, time.monotonic() + 120
    while relayed < 2 and time.monotonic() < deadline:
        relayed += relay()
    assert queries.count_unhandled_before(barrier, "probe") == 1
    assert queries.count_unhandled_before(barrier, "somebody_else") == 0
    claimer = Claimer()
    assert handling.handle_claimed(claimer.claim()) == []
    assert queries.count_unhandled_before(barrier, "probe") == 0


def test_a_long_transaction_elsewhere_on_the_server_holds_nothing_back(probed, migrated_database):
    """Transaction identifiers are the server's; only those of this database may still emit here."""
    facts = connection.settings_dict
    elsewhere = psycopg.connect(
        host=facts["HOST"],
        port=facts["PORT"],
        user=facts["USER"],
        password=facts["PASSWORD"],
        dbname="postgres",
    )
    with elsewhere:
        elsewhere.execute("SELECT pg_current_xact_id()")
        emit("org_1")
        assert deliver(1) == 1
