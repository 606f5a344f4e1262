"""Migrating renders models once for operations that follow each other, and does the same to the database."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations import Migration, operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.compiler import Trigger, UpsertTriggerSql
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from marketplace.kernel.grouping import Together, group_operations, grouped
from marketplace.kernel.management.commands.migrate import Command
from tests.roles import as_owner

CATALOGUE = """
    SELECT 'column', a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod) || a.attnotnull
           || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
     WHERE c.relname LIKE 'webhooks%' AND a.attnum > 0
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE conrelid::regclass::text LIKE 'webhooks%'
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'webhooks%'
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid) || p.prosrc
      FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE tgrelid::regclass::text LIKE 'webhooks%' AND NOT tgisinternal
       AND tgname <> 'held'  -- a migration of another application
     ORDER BY 1, 2, 3
"""


def catalogue() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE)
        return cursor.fetchall()


@pytest.fixture
def owner(committed_database: str) -> Iterator[None]:
    """The owner of the tables migrates."""
    with as_owner():
        yield


def test_tables_are_the_same_as_by_one_operation_after_the_other(owner):
    together = catalogue()
    assert {kind for kind, *_ in together} == {"column", "constraint", "index", "trigger"}
    call_command("migrate", "webhooks", "zero", verbosity=0)
    assert catalogue() == []
    executor = MigrationExecutor(connection)
    executor.migrate([each for each in executor.loader.graph.leaf_nodes() if each[0] == "webhooks"])
    assert catalogue() == together


def migration(*given: Operation, atomic: bool = True) -> Migration:
    made = Migration("0001_probe", "probe")
    made.operations = list(given)
    made.atomic = atomic
    return made


def model(name: str) -> operations.CreateModel:
    return operations.CreateModel(name, [("id", models.BigAutoField(primary_key=True))])


def field(kind: type[Operation], of: str, name: str) -> Operation:
    return kind(of, name, models.TextField())


A, B = model("A"), model("B")
FIELD, OTHER = field(operations.AddField, "a", "x"), field(operations.AddField, "a", "y")
CHANGE, OTHER_CHANGE = field(operations.AlterField, "a", "x"), field(operations.AlterField, "A", "y")
INDEX = operations.AddIndex("a", models.Index("x", name="by_x"))
CHECK = operations.AddConstraint("a", models.CheckConstraint(condition=models.Q(x=""), name="x_empty"))


def trigger(name: str) -> AddTrigger:
    sql = UpsertTriggerSql(table="a", pgid=name, operation="INSERT", when="BEFORE", func="RETURN NEW;")
    return AddTrigger("a", Trigger(name=name, sql=sql))


TRIGGER, REMOVAL = trigger("kept"), RemoveTrigger("a", "kept")
SQL = operations.RunSQL("SELECT 1")


def shape(of: list[Operation]) -> list[object]:
    return [each.operations if isinstance(each, Together) else each for each in of]


def test_operations_of_one_kind_that_follow_each_other_are_one():
    given = [A, B, FIELD, OTHER, INDEX, CHECK, TRIGGER, SQL, CHANGE, OTHER_CHANGE]
    assert shape(grouped(given)) == [
        [A, B],
        [FIELD, OTHER],
        [INDEX, CHECK, TRIGGER],
        SQL,
        [CHANGE, OTHER_CHANGE],
    ]


def test_what_stands_alone_stays_itself():
    assert shape(grouped([A, FIELD, B, SQL, SQL, CHECK])) == [A, FIELD, B, SQL, SQL, CHECK]


def test_a_field_that_is_changed_twice_is_changed_one_time_after_the_other():
    assert shape(grouped([CHANGE, OTHER_CHANGE, CHANGE])) == [CHANGE, OTHER_CHANGE, CHANGE]


def test_a_model_is_not_rendered_for_its_triggers():
    assert shape(grouped([SQL, REMOVAL, SQL])) == [SQL, [REMOVAL], SQL]
    assert shape(grouped([REMOVAL, TRIGGER])) == [[REMOVAL, TRIGGER]]
    state = ProjectState()
    (group,) = grouped([A, B])
    group.state_forwards("probe", state)
    before = state.apps.get_model("probe", "a")
    (group,) = grouped([TRIGGER])
    group.state_forwards("probe", state)
    assert state.models["probe", "a"].options["triggers"] == [TRIGGER.trigger]
    assert state.apps.get_model("probe", "a") is before
    (group,) = grouped([REMOVAL, CHECK])
    group.state_forwards("probe", state)
    assert state.models["probe", "a"].options["triggers"] == []
    assert state.apps.get_model("probe", "a") is not before


def test_a_trigger_that_is_added_and_removed_again_is_changed_one_time_after_the_other():
    assert shape(grouped([TRIGGER, REMOVAL])) == [TRIGGER, REMOVAL]
    other = trigger("other")
    assert shape(grouped([other, REMOVAL, TRIGGER])) == [[other, REMOVAL, TRIGGER]]


def test_a_migration_without_a_transaction_of_its_own_is_left_as_it_is():
    atomic, loose = migration(A, B), migration(A, B, atomic=False)
    for each in (atomic, loose):
        group_operations(each)
    assert [shape(each.operations) for each in (atomic, loose)] == [[[A, B]], [A, B]]


def test_migrating_groups_what_it_applies_and_nothing_else():
    command = Command(stdout=io.StringIO())
    command.verbosity, command.groups = 0, True
    applied, faked, unapplied = migration(A, B), migration(A, B), migration(A, B)
    command.migration_progress_callback("apply_start", applied)
    command.migration_progress_callback("unapply_start", unapplied)
    command.groups = False
    command.migration_progress_callback("apply_start", faked)
    assert [shape(each.operations) for each in (applied, unapplied, faked)] == [[[A, B]], [A, B], [A, B]]


def test_the_largest_migration_renders_its_models_a_few_dozen_times():
    largest = max(MigrationLoader(None).graph.nodes.values(), key=lambda each: len(each.operations))
    together = grouped(largest.operations)
    assert [
        each for group in shape(together) for each in (group if isinstance(group, list) else [group])
    ] == (largest.operations)
    assert len(largest.operations) > 500
    assert len(together) < 50
