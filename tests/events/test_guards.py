"""The database refuses what Python would not do."""

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.events import services
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    services.emit(OrganisationRegistered(organisation="org_1"))
    return OutboxEvent.objects.get()


def refused(statement: str, match: str) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


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
