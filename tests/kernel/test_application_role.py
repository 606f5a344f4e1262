"""The application's database role adds to append-only tables and changes nothing there; no guard can be switched off."""

from __future__ import annotations

import pgtrigger
import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from marketplace.events import services
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.roles import making_rights
from marketplace.kernel.tables import tables_guarded_by
from tests.roles import Role, acting_as, application_url, as_owner, unguarded

pytestmark = pytest.mark.django_db

CLOSE_MONTH = (
    "INSERT INTO public.clearing_ledgerperiod (public_id, month, entries, trial_balances, sha256, approval, closed_by, closed_at)"
    " VALUES (%s, %s, 0, '{}', '', '', 'x', now())"
)


@pytest.fixture
def event():
    """One event."""
    services.emit(OrganisationRegistered(organisation="org_1"))
    return OutboxEvent.objects.get()


def current_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def test_a_test_acts_as_the_application_and_as_the_owner_only_where_it_says_so():
    owner = connection.settings_dict["USER"]
    assert current_role() == settings.APPLICATION_ROLE
    with as_owner():
        assert current_role() == owner
        with acting_as(Role.APPLICATION):
            assert current_role() == settings.APPLICATION_ROLE
        assert current_role() == owner
    assert current_role() == settings.APPLICATION_ROLE


def test_the_role_is_again_the_application_after_an_error_as_the_owner():
    with pytest.raises(ProgrammingError), transaction.atomic(), as_owner():
        connection.cursor().execute("SELECT nothing")
    assert current_role() == settings.APPLICATION_ROLE


def test_a_process_of_the_application_logs_in_as_its_role(committed_database):
    with psycopg.connect(application_url()) as session:
        row = session.execute("SELECT session_user, current_user").fetchone()
    assert row == (settings.APPLICATION_ROLE, settings.APPLICATION_ROLE)


def test_a_session_cannot_switch_a_guard_off(event):
    """Not even the owner's, which may disable a trigger, but not by a setting."""
    with (
        as_owner(),
        pgtrigger.ignore("events.OutboxEvent:append_only"),
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
    ):
        OutboxEvent.objects.update(subject="another")
    event.refresh_from_db()
    assert event.subject == "org_1"


@pytest.mark.parametrize("table", tables_guarded_by(APPEND_ONLY))
def test_the_application_may_only_add_to_an_append_only_table(table):
    with connection.cursor() as cursor:
        column = connection.introspection.get_table_description(cursor, table)[0].name
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied for table"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%(table)s, 'INSERT'), has_any_column_privilege(%(table)s, 'UPDATE')",
            {"table": table},
        )
        assert cursor.fetchone() == (True, False)


def test_every_function_of_ours_fixes_its_search_path():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
            " AND (p.proconfig IS NULL OR NOT 'search_path=pg_catalog, public, pg_temp' = ANY(p.proconfig))"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'pgtrigger_%'")
        assert cursor.fetchone()[0] > 100


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMP TABLE clearing_balance AS TABLE public.clearing_balance",
        "CREATE TEMP VIEW clearing_cycle AS TABLE public.clearing_cycle",
        "CREATE TEMP SEQUENCE clearing_entry_id_seq",
        "CREATE TABLE public.beside_ours (id int)",
        "CREATE FUNCTION public.beside_ours() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION pg_temp.beside_ours() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA beside_ours",
        "SELECT id INTO TEMP clearing_ledgerperiod FROM public.clearing_ledgerperiod",
        "DO $$ BEGIN CREATE TEMP TABLE clearing_ledgerperiod (id int); END $$",
    ],
)
def test_the_application_makes_no_object_beside_those_that_guards_read(statement):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_temporary_table_of_the_owner_shadows_nothing_that_a_guard_reads():
    """``months_in_order`` reads closed months: an empty table of the same name would let a month be closed twice."""
    with unguarded("clearing_ledgerperiod"), connection.cursor() as cursor:
        cursor.execute(CLOSE_MONTH, ["per_1", "2026-02-01"])
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE clearing_ledgerperiod ON COMMIT DROP AS TABLE public.clearing_ledgerperiod WITH NO DATA"
        )
        cursor.execute("SET LOCAL search_path = pg_temp, public")
        with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
            cursor.execute(CLOSE_MONTH, ["per_2", "2026-01-01"])


MAKING = ["TEMPORARY on the database", "CREATE on the database", "CREATE on the schema public"]


def give_making_rights() -> None:
    """As servers before PostgreSQL 15 gave some of them to everybody."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"GRANT TEMPORARY, CREATE ON DATABASE {connection.settings_dict['NAME']} TO PUBLIC;"
            "GRANT CREATE ON SCHEMA public TO PUBLIC"
        )


def test_granting_withdraws_the_rights_to_make_objects():
    assert making_rights() == []
    give_making_rights()
    assert making_rights() == MAKING
    with as_owner():
        call_command("grant_application_role", settings.APPLICATION_ROLE)
        assert making_rights() == MAKING
    assert making_rights() == []


def test_a_right_to_make_objects_that_stays_is_refused_with_its_name():
    """The owner of the tables cannot withdraw what came with another role."""
    role = settings.APPLICATION_ROLE
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE ROLE reporting_of_this_test;"
            f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO reporting_of_this_test;"
            f"GRANT reporting_of_this_test TO {role}"
        )
        with pytest.raises(CommandError, match=f"{role} may still make tables: TEMPORARY on the database"):
            call_command("grant_application_role", role)
    assert making_rights() == ["TEMPORARY on the database"]
