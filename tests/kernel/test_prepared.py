"""Short statements of hot paths are prepared on a connection that may, and sent as they are on one that may not."""

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bench._statements import statements_sent
from marketplace.kernel.errors import StaleState
from marketplace.kernel.prepared import (
    columns_of,
    execute_prepared,
    fetch_models,
    fetch_prepared,
    insert_prepared,
    update_prepared,
)
from marketplace.kernel.states import advance
from marketplace.participants.models import Admission, Organisation, User
from marketplace.participants.states import ADMISSION
from tests.participants import factories
from tests.roles import owner_url

BY_KEY = f"SELECT {columns_of(Organisation, 'o')}, 7 FROM participants_organisation o WHERE o.id = %s"
PREPARED = "SELECT count(*) FROM pg_prepared_statements"


@pytest.fixture
def organisation(db) -> Organisation:
    return Organisation.objects.get(pk=factories.organisation().pk)


def prepared_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute(PREPARED)
        return cursor.fetchone()[0]


@pytest.fixture
def pooled(db):
    """A connection as the settings make it for a pool in transaction mode."""
    wire = connection.connection
    before, wire.prepare_threshold = wire.prepare_threshold, None
    yield
    wire.prepare_threshold = before


def test_a_statement_is_parsed_once_for_a_connection(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 0")  # the test's transaction begins
    with statements_sent() as sent:
        assert [fetch_prepared("SELECT %s::int + 1", [number]) for number in (1, 2)] == [[(2,)], [(3,)]]
    assert sent == ["SELECT $1::int + 1", "SELECT $1::int + 1"]
    with statements_sent() as sent:
        assert fetch_prepared("SELECT %s::int + 1", [3]) == [(4,)]
    assert [statement.split()[0] for statement in sent] == ["EXECUTE"]


def test_nothing_is_prepared_behind_a_pool(pooled):
    before = prepared_statements()
    assert [fetch_prepared("SELECT %s::int + 2", [number]) for number in (1, 2)] == [[(3,)], [(4,)]]
    assert prepared_statements() == before


def test_nothing_is_prepared_that_does_not_ask_for_it(db):
    before = prepared_statements()
    for _ in range(7):
        Organisation.objects.filter(pk=0).exists()
    assert prepared_statements() == before


def test_a_prepared_statement_works_after_a_rollback(organisation):
    person = factories.person_of(organisation)
    statement = "UPDATE participants_user SET name = %s WHERE id = %s"
    assert execute_prepared(statement, ["first", person.pk]) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        execute_prepared("INSERT INTO participants_organisation (id) VALUES (%s)", [organisation.pk])
    assert execute_prepared(statement, ["second", person.pk]) == 1
    assert User.objects.get(pk=person.pk).name == "second"


def test_rows_are_the_instances_that_the_orm_reads(organisation):
    (found,) = fetch_models(Organisation, BY_KEY, [organisation.pk], further=("seven",))
    assert (found._state.adding, found._state.db, found.seven) == (False, "default", 7)
    names = [field.attname for field in Organisation._meta.concrete_fields]
    assert [getattr(found, name) for name in names] == [getattr(organisation, name) for name in names]


def test_a_change_is_saved_only_where_the_row_is_as_stated(organisation):
    person = factories.person_of(organisation, "first")
    changes = {"name": "second"}
    assert update_prepared(person, changes, where={"name": "other"}) == 0
    assert User.objects.get(pk=person.pk).name == "first"
    assert update_prepared(person, changes, where={"language": person.language}) == 1
    assert User.objects.get(pk=person.pk).name == "second"


def test_a_new_row_is_as_the_orm_would_have_saved_it(organisation):
    own = ("id", "public_id", "corporate_number", "country")
    shared = [field.attname for field in Organisation._meta.concrete_fields if field.attname not in own]
    made = Organisation(country="SG", **{name: getattr(organisation, name) for name in shared})
    assert insert_prepared(made) is made
    stored = Organisation.objects.get(public_id=made.public_id)
    names = [field.attname for field in Organisation._meta.concrete_fields]
    assert (made._state.adding, made._state.db) == (False, "default")
    assert [getattr(made, name) for name in names] == [getattr(stored, name) for name in names]


def test_a_state_that_changed_since_it_was_read_is_refused(organisation):
    admission = factories.application_for(organisation)
    stale = Admission.objects.get(pk=admission.pk)
    assert advance(admission, ADMISSION, command="withdraw", role="participant", reason="x") == stale.state
    with pytest.raises(StaleState):
        advance(stale, ADMISSION, command="withdraw", role="participant", reason="x")
    assert (stale.state, Admission.objects.get(pk=stale.pk).state) == ("applied", "withdrawn")


def test_the_log_and_the_wrappers_of_the_connection_see_it(db):
    seen = []

    def look(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with CaptureQueriesContext(connection) as logged, connection.execute_wrapper(look):
        fetch_prepared("SELECT %s::int", [1])
    assert seen == ["SELECT %s::int"]
    assert [query["sql"] for query in logged] == ["SELECT $1::int"]


@pytest.fixture
def widened(committed_database):
    """A statement that this connection has prepared, and a migration that then made a column of it wider."""
    statement = "SELECT name FROM participants_user"
    assert fetch_prepared(statement) == []
    with psycopg.connect(owner_url(), autocommit=True) as owner:
        owner.execute("ALTER TABLE participants_user ALTER name TYPE varchar(999)")
    return statement


def test_a_connection_goes_on_after_a_migration_of_what_it_prepared(widened):
    assert [fetch_prepared(widened) for _ in range(2)] == [[], []]


def test_after_a_migration_a_transaction_fails_once_for_the_time_being(widened):
    with pytest.raises(OperationalError, match="changed"), transaction.atomic():
        fetch_prepared(widened)
    with transaction.atomic():
        assert fetch_prepared(widened) == []
