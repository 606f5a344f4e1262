"""The database refuses what Python would not do."""

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.events import services
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.kernel.horizon import newest_transaction
from marketplace.kernel.invariants import verify_all
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    services.emit(OrganisationRegistered(organisation="org_1"))
    return OutboxEvent.objects.get()


def refused(statement: str, match: str) -> None:
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement), because=match)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events_outboxevent SET subject = 'x'",
        "DELETE FROM events_outboxevent",
        "TRUNCATE events_outboxevent CASCADE",
    ],
)
def test_the_outbox_is_append_only(event, statement):
    refused(statement, "append-only|are kept")
    assert OutboxEvent.objects.get().subject == "org_1"


def test_an_event_enters_an_inbox_once(event):
    entry = {"event": event, "handler": "a.handlers.b", "subscriber": "a", "subject": "org_1"}
    InboxEntry.objects.create(**entry)
    with pytest.raises(IntegrityError, match="event_id_handler_key"), transaction.atomic():
        InboxEntry.objects.create(**entry)
    assert InboxEntry.objects.count() == 1


def test_inbox_entries_are_kept(event):
    InboxEntry.objects.create(event=event, handler="a.handlers.b", subscriber="a", subject="org_1")
    refused("DELETE FROM events_inboxentry", "are kept")
    refused("UPDATE events_inboxentry SET state = 'handled'", "inbox_handled_when")
    assert InboxEntry.objects.get().state == "pending"


def test_the_relay_cannot_reach_a_transaction_that_has_not_begun(event):
    beyond = newest_transaction() + 1_000_000
    insert = "INSERT INTO events_relayposition (name, transaction, event_id) SELECT 'inbox', {}, id FROM events_outboxevent"
    refused(insert.format(f"'{beyond}'"), "has not begun")
    with connection.cursor() as cursor:
        cursor.execute(insert.format("transaction"))
    refused(f"UPDATE events_relayposition SET transaction = '{beyond}'", "has not begun")
    assert verify_all("events")["events.relay_position_of_this_server"] == []


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("transaction = '1'", "does not move back"),
        ("event_id = event_id - 1", "does not move back"),
        ("events = 9223372036854775807", "at once at most"),
        ("events = events - 1", "at once at most"),
        ("entries = entries + 1000000", "at once at most"),
    ],
)
def test_the_relays_position_moves_as_the_relay_moves_it(event, change, because):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_relayposition (name, transaction, event_id, events, entries)"
            " SELECT 'inbox', transaction, id, 1, 1 FROM events_outboxevent"
        )
    refused(f"UPDATE events_relayposition SET {change}", because)
    refused("DELETE FROM events_relayposition", "are kept")


def test_a_relay_position_that_a_logical_dump_brought_is_named(event):
    """A dump restores its rows before its triggers."""
    beyond = newest_transaction() + 1_000_000
    with unguarded("events_relayposition"), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO events_relayposition (name, transaction, event_id) VALUES ('inbox', '{beyond}', 1)"
        )
    (breach,) = verify_all("events")["events.relay_position_of_this_server"]
    assert (breach["name"], breach["transaction"]) == ("inbox", str(beyond))
    assert int(breach["newest_of_the_server"]) < beyond
