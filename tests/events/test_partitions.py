"""Ranges of events: made ahead by the owner; emitting never fails; the guards hold on every range."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from marketplace.events import partitions
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.partitions import EVENTS_PER_RANGE, RANGES_AHEAD, Range
from tests.roles import as_owner, assert_refused

from .pipe import emit, execute, relay_all, skip_to
from .probe import handlers


def range_of(table: str) -> list[str]:
    return [row[0] for row in execute(f"SELECT DISTINCT tableoid::regclass::text FROM {table}")]


def make_ranges() -> list[Range]:
    """As the owner, who alone makes tables."""
    with as_owner():
        return partitions.make_ranges()


def test_a_new_market_has_ranges_ahead(probed):
    expected = [Range(n * EVENTS_PER_RANGE, (n + 1) * EVENTS_PER_RANGE) for n in range(RANGES_AHEAD + 1)]
    assert partitions.ranges() == expected
    assert partitions.count_ranges_ahead() == RANGES_AHEAD
    assert make_ranges() == []


def test_an_event_and_its_entries_are_in_one_range(probed):
    skip_to(EVENTS_PER_RANGE)
    emit("org_1")
    relay_all(1)
    assert range_of("events_outboxevent") == [Range(EVENTS_PER_RANGE, 0).outbox]
    assert range_of("events_inboxentry") == [Range(EVENTS_PER_RANGE, 0).inbox]
    assert partitions.count_ranges_ahead() == RANGES_AHEAD - 1
    assert len(make_ranges()) == 1


def test_events_beyond_the_last_range_go_into_the_rest_which_becomes_a_range(probed):
    end = partitions.ranges()[-1].end
    skip_to(end + 7)
    emit("org_1")
    relay_all(1)
    assert partitions.count_ranges_ahead() == 0
    assert range_of("events_outboxevent") == ["events_outboxevent_rest"]
    made = make_ranges()
    assert made[0] == Range(end, end + EVENTS_PER_RANGE)
    assert len(made) == RANGES_AHEAD + 1
    assert range_of("events_outboxevent") == [made[0].outbox]
    assert range_of("events_inboxentry") == [made[0].inbox]
    assert_refused(lambda: execute(f"DELETE FROM {made[0].outbox}"), because="append-only")
    emit("org_2")
    relay_all(1)
    assert OutboxEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events_outboxevent_0 SET subject = 'x'", "append-only"),
        ("DELETE FROM events_outboxevent_0", "append-only"),
        ("TRUNCATE events_outboxevent_0", "append-only"),
        ("DELETE FROM events_inboxentry_0", "are kept"),
        ("TRUNCATE events_inboxentry_0", "are kept"),
        ("UPDATE events_inboxentry_0 SET state = 'handled'", "inbox_handled_when"),
        ("UPDATE events_inboxentry_0 SET state = 'gone'", "does not lead to"),
        (
            "INSERT INTO events_outboxevent SELECT * FROM events_outboxevent",
            "does not write this row",
        ),
    ],
)
def test_the_guards_hold_on_a_range(probed, statement, message):
    emit("org_1")
    relay_all(1)
    assert_refused(lambda: execute(statement), because=message)
    assert (OutboxEvent.objects.get().subject, InboxEntry.objects.get().state) == ("org_1", "pending")


def test_the_application_role_has_no_right_on_a_range(probed):
    emit("org_1")
    for statement in ("SELECT * FROM events_outboxevent_0", "DELETE FROM events_inboxentry_0"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            execute(statement)
    assert execute("SELECT subject FROM events_outboxevent") == [("org_1",)]


def test_what_is_not_handled_is_between_the_range_before_the_oldest_and_the_one_after_the_last(probed):
    assert partitions.unhandled_keys() == Range(0, 2 * EVENTS_PER_RANGE)
    emit("org_1", "org_2")
    relay_all(2)
    execute(
        "UPDATE events_inboxentry SET state = 'parked' WHERE id = (SELECT min(id) FROM events_inboxentry)"
    )
    skip_to(5 * EVENTS_PER_RANGE + 7)
    emit("org_3")
    relay_all(1)
    assert partitions.unhandled_keys() == Range(0, 7 * EVENTS_PER_RANGE)
    execute("UPDATE events_inboxentry SET state = 'pending' WHERE state = 'parked'")
    assert partitions.unhandled_keys() == Range(0, 7 * EVENTS_PER_RANGE)
    execute("UPDATE events_inboxentry SET state = 'handled', handled_at = now()")
    assert partitions.unhandled_keys() == Range(4 * EVENTS_PER_RANGE, 7 * EVENTS_PER_RANGE)


def test_events_that_are_not_relayed_are_within_the_bounds_of_what_is_not_handled(probed):
    emit("org_1")
    relay_all(1)
    execute("UPDATE events_inboxentry SET state = 'handled', handled_at = now()")
    emit("org_2")
    skip_to(5 * EVENTS_PER_RANGE + 7)
    emit("org_3")
    assert partitions.unhandled_keys() == Range(0, 7 * EVENTS_PER_RANGE)


def test_an_entry_needs_its_event(probed):
    with pytest.raises(IntegrityError, match="belongs to an event"), transaction.atomic():
        InboxEntry.objects.create(event_id=999, handler="a.handlers.b", subscriber="a", subject="org_1")
    assert InboxEntry.objects.count() == 0
    assert handlers.seen() == []
