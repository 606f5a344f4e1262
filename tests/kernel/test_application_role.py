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


def test_every_function_of_ours_fixes_its_search_path(event):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
            " AND (p.proconfig IS NULL OR NOT 'search_path=pg_catalog, public, pg_temp' = ANY(p.proconfig))"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'pgtrigger_%'")
        assert cursor.fetchone()[0] > 100


def test_a_temporary_table_shadows_nothing_that_a_guard_reads(event):
    """``months_in_order`` reads closed months: an empty table of the same name would let a month be closed twice."""
    insert = (
        "INSERT INTO public.clearing_ledgerperiod (public_id, month, entries, trial_balances, sha256, closed_by, closed_at)"
        " VALUES (%s, %s, 0, '{}', '', 'x', now())"
    )
    with connection.cursor() as cursor:
        cursor.execute(insert, ["per_1", "2026-02-01"])
        cursor.execute(
            "CREATE TEMP TABLE clearing_ledgerperiod ON COMMIT DROP AS TABLE public.clearing_ledgerperiod WITH NO DATA"
        )
        cursor.execute("SET LOCAL search_path = pg_temp, public")
        with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
            cursor.execute(insert, ["per_2", "2026-01-01"])
