"""One row stops no other: the database refuses what no emission writes; what the owner forces in is isolated and named."""

from __future__ import annotations

import pytest

from marketplace.events import queries
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.partitions import EVENTS_PER_RANGE, make_ranges
from marketplace.events.relaying import has_unrelayed
from marketplace.kernel.columns import UNREADABLE
from marketplace.kernel.invariants import REGISTER
from tests.roles import as_owner, assert_refused, unguarded

from .pipe import deliver_until, emit, execute, relay_all

FORGED = (
    "INSERT INTO events_outboxevent ({columns}public_id, type, version, subject, data, occurred_at)"
    " {overriding} VALUES ({values}'evt_forged', 'organisation.registered', 1, 'org_forged', %s, now())"
)
DATA = '{"organisation": "org_forged"}'
MANY_DIGITS = '{"organisation": "org_forged", "n": ' + "9" * 5_000 + "}"


def forge(*, data: str = DATA, **columns: str) -> None:
    """An event of ``org_forged``, some columns given in SQL."""
    statement = FORGED.format(
        columns="".join(f"{name}, " for name in columns),
        values="".join(f"{value}, " for value in columns.values()),
        overriding="OVERRIDING SYSTEM VALUE" if "id" in columns else "",
    )
    execute(statement, data)


def force(*, data: str = DATA, **columns: str) -> None:
    """As ``forge``, by the owner, who has dropped the constraints of data and switched off the triggers."""
    with unguarded("events_outboxevent"):
        execute("SELECT conname FROM pg_constraint WHERE conrelid = 'events_outboxevent'::regclass")
        for (name,) in execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'events_outboxevent'::regclass AND contype = 'c'"
            " AND pg_get_constraintdef(oid) LIKE '%data%'"
        ):
            execute(f"ALTER TABLE events_outboxevent DROP CONSTRAINT {name}")
        forge(data=data, **columns)


def handled(subject: str) -> bool:
    return InboxEntry.objects.filter(subject=subject, state="handled").exists()


@pytest.mark.parametrize(
    ("columns", "because"),
    [
        ({"transaction": "'9000000000000000000'::xid8"}, "does not write this row"),
        ({"transaction": "'1'::xid8"}, "does not write this row"),
        ({"id": "8500000"}, "was not drawn from the sequence"),
        ({"id": "9500000"}, "was not drawn from the sequence"),
        ({"id": "0"}, "was not drawn from the sequence"),
    ],
)
def test_key_and_transaction_of_an_event_are_its_own(probed, columns, because):
    emit("org_1")
    assert_refused(lambda: forge(**columns), because=because)
    assert OutboxEvent.objects.count() == 1


@pytest.mark.parametrize("data", [MANY_DIGITS, "[1]", "5", '{"n": ' + "[" * 40 + "]" * 40 + "}"])
def test_data_that_nobody_can_read_is_refused(probed, data):
    assert_refused(lambda: forge(data=data), because="data")
    assert OutboxEvent.objects.count() == 0


@pytest.mark.parametrize("changes", ["attempts = 2147483647", "due_at = 'infinity'", "due_at = '-infinity'"])
def test_an_entry_that_nobody_can_claim_is_refused(probed, changes):
    emit("org_1")
    relay_all(1)
    assert_refused(lambda: execute(f"UPDATE events_inboxentry SET {changes}"), because="_check")
    deliver_until(lambda: handled("org_1"))


def test_an_entry_with_the_most_attempts_stops_no_other(probed):
    emit("org_1", "org_2")
    relay_all(2)
    with as_owner():
        execute("UPDATE events_inboxentry SET attempts = 1000 WHERE subject = 'org_1'")
    deliver_until(lambda: handled("org_2"))
    assert InboxEntry.objects.get(subject="org_1").state == "parked"


def test_an_entry_with_more_attempts_than_can_be_counted_is_parked(probed):
    emit("org_1", "org_2")
    relay_all(2)
    with as_owner():
        for (name,) in execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'events_inboxentry'::regclass AND contype = 'c'"
            " AND pg_get_constraintdef(oid) LIKE '%attempts%'"
        ):
            execute(f"ALTER TABLE events_inboxentry DROP CONSTRAINT {name}")
        execute("UPDATE events_inboxentry SET attempts = 2147483647 WHERE subject = 'org_1'")
    first = InboxEntry.objects.get(subject="org_1")
    assert REGISTER["events.columns_within_bounds"].check() == [
        {"column": "events_inboxentry.attempts", "rows": 1, "first": first.pk}
    ]
    deliver_until(lambda: handled("org_2"))
    assert InboxEntry.objects.get(subject="org_1").state == "parked"


@pytest.mark.parametrize("data", [MANY_DIGITS, "[1]"])
def test_data_that_nobody_can_read_is_isolated_and_named(probed, data):
    force(data=data)
    emit("org_2")
    deliver_until(lambda: handled("org_2"))
    entry = InboxEntry.objects.get(subject="org_forged")
    assert (entry.state, entry.handled_at, entry.error == "") == ("pending", None, False)
    keys = list(OutboxEvent.objects.values_list("pk", flat=True))
    read = {each.subject: each.data for each in queries.envelopes_by_key(keys).values()}
    assert read == {
        "org_forged": UNREADABLE if data == MANY_DIGITS else [1],
        "org_2": {"organisation": "org_2"},
    }
    assert {event.subject: event.data for event in OutboxEvent.objects.all()} == read
    if data == MANY_DIGITS:
        named = REGISTER["events.columns_within_bounds"].check()
        assert [(breach["column"], breach["rows"]) for breach in named] == [("events_outboxevent.data", 1)]


def test_a_moment_that_nobody_can_read_is_isolated(probed):
    with unguarded("events_outboxevent"):
        for (name,) in execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'events_outboxevent'::regclass AND contype = 'c'"
            " AND pg_get_constraintdef(oid) LIKE '%occurred_at%'"
        ):
            execute(f"ALTER TABLE events_outboxevent DROP CONSTRAINT {name}")
        execute(
            "INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at)"
            " VALUES ('evt_forged', 'organisation.registered', 1, 'org_forged', %s, 'infinity')",
            DATA,
        )
    emit("org_2")
    deliver_until(lambda: handled("org_2"))
    assert InboxEntry.objects.get(subject="org_forged").state == "pending"
    keys = list(OutboxEvent.objects.values_list("pk", flat=True))
    assert [each.subject for each in queries.envelopes_by_key(keys).values()] == ["org_2"]


def test_an_event_of_a_transaction_to_come_is_not_waited_for_and_named(probed):
    force(transaction="'9000000000000000000'::xid8")
    emit("org_2")
    deliver_until(lambda: handled("org_2"))
    assert (has_unrelayed(), queries.all_handled()) == (False, True)
    forged = OutboxEvent.objects.get(subject="org_forged")
    assert REGISTER["events.own_keys"].check() == [
        {"id": forged.pk, "transaction": "9000000000000000000", "fault": "not given by this server"}
    ]


def test_an_event_that_the_relay_passed_over_is_named(probed):
    emit("org_1")
    deliver_until(lambda: handled("org_1"))
    assert REGISTER["events.own_keys"].check() == []
    force(transaction="'1'::xid8")
    emit("org_2")
    deliver_until(lambda: handled("org_2"))
    forged = OutboxEvent.objects.get(subject="org_forged")
    named = REGISTER["events.own_keys"].check()
    assert [(breach["id"], breach["fault"]) for breach in named] == [
        (forged.pk, "events were passed over: 1")
    ]


def test_an_event_with_a_key_to_come_is_handled_and_named(probed):
    force(id="8500000")
    emit("org_2")
    deliver_until(lambda: handled("org_2"))
    deliver_until(lambda: handled("org_forged"))
    named = REGISTER["events.own_keys"].check()
    assert [(breach["id"], breach["fault"]) for breach in named] == [(8_500_000, "not given by this server")]


def test_ranges_are_made_around_a_key_to_come(probed):
    force(id="9500000")
    with as_owner():
        made = make_ranges(ahead=10)
    firsts = [each.first for each in made]
    assert 9 * EVENTS_PER_RANGE not in firsts
    assert 10 * EVENTS_PER_RANGE in firsts
    emit("org_2")
    deliver_until(lambda: handled("org_2"))
