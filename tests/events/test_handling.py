"""Handlings: one short transaction each, ended when it takes too long, and never by a worker that lost its lease."""

from __future__ import annotations

import threading
import time

from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.events import handling, services
from marketplace.events.claiming import Claimer
from marketplace.events.models import InboxEntry
from marketplace.events.resting import Rests
from marketplace.kernel import clock
from tests.roles import as_owner

from .pipe import deliver_until, emit, execute, relay_all
from .probe import handlers

LIMIT_SECONDS = 0.3


def test_a_handling_takes_one_statement_beside_those_of_its_handler(probed):
    emit("org_1")
    relay_all(1)
    claimed = Claimer().claim()
    with CaptureQueriesContext(connection) as sent:
        assert handling.handle_claimed(claimed) == []
    kinds = [query["sql"].split()[0] for query in sent.captured_queries]
    assert kinds == ["BEGIN", "UPDATE", "INSERT", "COMMIT"]


def test_a_worker_that_lost_its_lease_handles_nothing(probed):
    emit("org_1")
    relay_all(1)
    (entry,) = Claimer().claim()
    execute("UPDATE events_inboxentry SET lease = gen_random_uuid()")
    assert handling.handle(entry, Rests()) is False
    assert handlers.seen() == []
    assert execute("SELECT state, error FROM events_inboxentry") == [("pending", "")]


def test_a_worker_whose_lease_has_ended_handles_nothing(probed):
    emit("org_1")
    relay_all(1)
    (entry,) = Claimer().claim()
    execute("UPDATE events_inboxentry SET lease_until = clock_timestamp()")
    assert handling.handle(entry, Rests()) is False
    assert handlers.seen() == []


def test_an_entry_is_not_handled_before_the_one_before_it(probed):
    emit("org_1", "org_1")
    relay_all(2)
    first, second = Claimer().claim()
    assert handling.handle(second, Rests()) is False
    assert handling.handle(first, Rests()) is True
    assert handling.handle(second, Rests()) is True
    assert handlers.seen() == ["org_1", "org_1"]


def test_what_follows_a_failure_in_its_subject_is_not_attempted(probed):
    handlers.FAILING.add("org_1")
    emit("org_1", "org_1", "org_2")
    relay_all(3)
    left = handling.handle_claimed(Claimer().claim())
    assert [entry.subject for entry in left] == ["org_1"]
    assert handlers.seen() == ["org_2"]


def test_a_handler_that_sleeps_is_ended_and_parked_after_few_attempts(probed, settings):
    settings.HANDLER_SECONDS_MAX = LIMIT_SECONDS
    handlers.SLEEPING["org_1"] = 30
    emit("org_1")
    relay_all(1)
    for _ in range(handling.OVERRUNS_MAX):
        execute("UPDATE events_inboxentry SET due_at = clock_timestamp()")
        began = time.monotonic()
        services.deliver_due()
        assert time.monotonic() - began < LIMIT_SECONDS + 3
    (entry,) = InboxEntry.objects.all()
    assert (entry.state, entry.attempts) == ("parked", handling.OVERRUNS_MAX)
    assert entry.error == "TimeLimitExceeded: took longer than 0.3 seconds and was ended"
    assert handlers.seen() == []


def test_a_handler_whose_statement_sleeps_is_ended_too(probed, settings):
    settings.HANDLER_SECONDS_MAX = LIMIT_SECONDS
    handlers.SLEEPING["org_1"] = -30
    emit("org_1", "org_2")
    relay_all(2)
    began = time.monotonic()
    services.deliver_due()
    assert time.monotonic() - began < LIMIT_SECONDS + 3
    deliver_until(lambda: handlers.seen() == ["org_2"])
    (entry,) = InboxEntry.objects.filter(subject="org_1")
    assert (entry.state, entry.attempts) == ("pending", 1)


def test_the_server_ends_a_handler_sooner_than_the_limit_of_the_role(probed, settings):
    """In a thread, where no signal arrives, the server's limit holds alone."""
    settings.HANDLER_SECONDS_MAX = LIMIT_SECONDS
    handlers.SLEEPING["org_1"] = -5
    emit("org_1")
    relay_all(1)
    took: list[float] = []

    def work() -> None:
        execute("SET transaction_timeout = '15s'")
        began = time.monotonic()
        services.deliver_due()
        took.append(time.monotonic() - began)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join(30)
    assert took[0] < LIMIT_SECONDS + 3
    (entry,) = InboxEntry.objects.all()
    assert (entry.state, entry.attempts) == ("pending", 1)


def test_a_handling_reads_the_clock_once(probed, django_assert_num_queries):
    handlers.CLOCK_READINGS["org_1"] = 5
    emit("org_1")
    relay_all(1)
    claimed = Claimer().claim()
    with CaptureQueriesContext(connection) as sent:
        handling.handle_claimed(claimed)
    assert len([query for query in sent.captured_queries if "kernel_clock" in query["sql"]]) == 1
    assert clock.now() is not None


def test_a_session_that_a_failure_leaves_in_a_statement_is_given_up(probed):
    """As when an alarm strikes while the server answers: the failure is recorded by a new session."""
    handlers.LEAVING_A_STATEMENT.add("org_1")
    emit("org_1", "org_2")
    relay_all(2)
    assert handling.handle_claimed(Claimer().claim()) == []
    assert handlers.seen() == ["org_2"]
    (entry,) = InboxEntry.objects.filter(subject="org_1")
    assert (entry.state, entry.attempts, entry.error) == ("pending", 1, "RuntimeError: left in a statement")


class Unspeakable(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise ValueError("no text")


def test_a_failure_is_recorded_whatever_its_error_says_of_itself(probed):
    handlers.RAISING["org_1"] = RuntimeError("a\x00b")
    handlers.RAISING["org_2"] = Unspeakable()
    emit("org_1", "org_2", "org_3")
    relay_all(3)
    assert handling.handle_claimed(Claimer().claim()) == []
    assert handlers.seen() == ["org_3"]
    assert execute(
        "SELECT subject, attempts, error FROM events_inboxentry WHERE state = 'pending' ORDER BY id"
    ) == [
        ("org_1", 1, "RuntimeError: a\\0b"),
        ("org_2", 1, "Unspeakable: its text raises ValueError"),
    ]


def test_a_reason_is_text_that_a_column_takes():
    assert handling.reason_of(RuntimeError("\udc80")) == "RuntimeError: \\udc80"
    assert len(handling.reason_of(RuntimeError("x" * 10_000))) == handling.REASON_LENGTH_MAX


def test_an_event_that_cannot_be_read_holds_back_its_subject_only(probed):
    """A number with more digits than Python reads, forced in by the owner."""
    emit("org_1")
    with as_owner():
        execute("ALTER TABLE events_outboxevent DROP CONSTRAINT events_outboxevent_data_check")
        execute(
            "INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at)"
            " VALUES ('evt_' || repeat('0', 26), 'organisation.registered', 1, 'org_2', %s::jsonb, now())",
            '{"organisation": ' + "9" * 5_000 + "}",
        )
    emit("org_3")
    relay_all(3)
    assert handling.handle_claimed(Claimer().claim()) == []
    assert handlers.seen() == ["org_1", "org_3"]
    ((state, attempts, error),) = execute(
        "SELECT state, attempts, error FROM events_inboxentry WHERE subject = 'org_2'"
    )
    assert (state, attempts, error[:11]) == ("pending", 1, "ValueError:")


def test_a_handler_that_goes_on_after_any_exception_is_ended(probed, settings):
    settings.HANDLER_SECONDS_MAX = LIMIT_SECONDS
    handlers.STUBBORN.add("org_1")
    emit("org_1")
    relay_all(1)
    began = time.monotonic()
    assert handling.handle_claimed(Claimer().claim()) == []
    assert time.monotonic() - began < LIMIT_SECONDS + 3
    (entry,) = InboxEntry.objects.all()
    assert (entry.state, entry.attempts, handlers.seen()) == ("pending", 1, [])
