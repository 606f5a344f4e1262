"""The application's database role adds to append-only tables and changes nothing there; no guard can be switched off."""

import pgtrigger
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from marketplace.events import services
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    """One event, in a database whose role has its rights."""
    call_command("grant_application_role", settings.APPLICATION_ROLE)
    services.emit(OrganisationRegistered(organisation="org_1"))
    return OutboxEvent.objects.get()


def test_a_session_cannot_switch_a_guard_off(event):
    with (
        pgtrigger.ignore("events.OutboxEvent:append_only"),
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
    ):
        OutboxEvent.objects.update(subject="another")
    event.refresh_from_db()
    assert event.subject == "org_1"


@pytest.mark.parametrize(
    "statement", ["UPDATE events_outboxevent SET subject = 'x'", "DELETE FROM events_outboxevent"]
)
def test_the_role_may_only_add(event, statement):
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{settings.APPLICATION_ROLE}"')
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute(statement)
        cursor.execute("SELECT subject FROM events_outboxevent")
        assert cursor.fetchall() == [("org_1",)]
        cursor.execute("RESET ROLE")
