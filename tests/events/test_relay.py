"""Outbox to inbox to handler: nothing lost, nothing twice, in order, whatever commits when."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from marketplace.events import queries, services
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.states import InboxState

from .probe import handlers

HANDLER = "tests.events.probe.handlers.on_registered"


@pytest.fixture
def probed(committed_database, settings):
    """A committed database with one subscription: the probe's."""
    settings.EVENT_SUBSCRIPTIONS = {"organisation.registered": (HANDLER,)}
    handlers.FAILING.clear()
    handlers.prepare()


def emit(*organisations: str) -> None:
    with transaction.atomic():
        for organisation in organisations:
            services.emit(OrganisationRegistered(organisation=organisation))


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
    assert services.deliver_due() == 3
    assert services.deliver_due() == 0
    assert handlers.seen() == ["org_1", "org_2", "org_3"]
    assert queries.is_quiet()


def test_a_late_commit_is_not_passed_over(probed):
    """A transaction that began first and commits last: the relay waits for it instead of passing it by."""
    began, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            services.emit(OrganisationRegistered(organisation="org_slow"))
            began.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(10)
    emit("org_quick")
    assert services.deliver_due() == 0
    may_commit.set()
    thread.join(10)
    assert services.deliver_due() == 2
    assert handlers.seen() == ["org_slow", "org_quick"]


def test_a_failing_handler_leaves_nothing_and_holds_back_its_subject_only(probed):
    handlers.FAILING.add("org_1")
    emit("org_1", "org_1", "org_2")
    services.deliver_due()
    assert handlers.seen() == ["org_2"]
    assert queries.counts().pending == 2
    assert queries.troubles() == [
        f"{HANDLER} failed 1 times on organisation.registered org_1: RuntimeError: org_1 cannot be handled yet"
    ]


def test_a_repaired_handler_catches_up_in_order(probed):
    handlers.FAILING.add("org_1")
    emit("org_1", "org_1")
    services.deliver_due()
    handlers.FAILING.clear()
    InboxEntry.objects.filter(state=InboxState.PENDING).update(due_at=timezone.now())
    assert services.deliver_due() == 2
    assert handlers.seen() == ["org_1", "org_1"]


def test_a_handler_that_keeps_failing_is_parked_until_retried(probed):
    handlers.FAILING.add("org_1")
    emit("org_1")
    for _ in range(services.ATTEMPTS_MAX):
        InboxEntry.objects.update(due_at=timezone.now())
        services.deliver_due()
    (entry,) = InboxEntry.objects.all()
    assert (entry.state, entry.attempts) == (InboxState.PARKED, services.ATTEMPTS_MAX)
    assert not queries.is_quiet()
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
    services.deliver_due()
    assert sorted(handlers.seen()) == sorted(f"org_{number}" for number in range(40))


def test_without_a_broker_the_sweep_finds_what_the_nudge_lost(probed, settings, caplog):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    from celery import current_app

    current_app.conf.broker_url, kept = "redis://127.0.0.1:1/0", current_app.conf.broker_url
    try:
        emit("org_1")
    finally:
        current_app.conf.broker_url = kept
    assert services.deliver_due() == 1
    assert handlers.seen() == ["org_1"]


def test_what_a_cycle_must_still_see_is_counted_by_commit(probed):
    emit("org_1")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        barrier = int(cursor.fetchone()[0])
    emit("org_2")
    assert queries.unseen_before(barrier, "probe") == 1
    services.relay()
    assert queries.unseen_before(barrier, "probe") == 1
    assert queries.unseen_before(barrier, "somebody_else") == 0
    services.handle_next()
    assert queries.unseen_before(barrier, "probe") == 0
