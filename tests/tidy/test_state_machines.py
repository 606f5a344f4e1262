"""The matrix of every state machine: each state, command and role, in Python and in the database."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from marketplace.kernel.errors import IllegalTransition
from marketplace.kernel.management.commands.document_states import document
from marketplace.kernel.states import MACHINES
from tests.roles import as_owner

NAMES = sorted(MACHINES)


def matrix():
    """Every (machine, state, command, role) there is, permitted or not."""
    for name in NAMES:
        machine = MACHINES[name]
        commands = {command for _, command, _ in machine.table}
        roles = {role for _, _, role in machine.table}
        yield from itertools.product([name], machine.states.values, sorted(commands), sorted(roles))


def guarded_models():
    """Every model that declares a state guard, with the machine it names."""
    for model in apps.get_models():
        for trigger in getattr(model._meta, "triggers", []):
            if trigger.name and trigger.name.endswith("_guard") and trigger.func:
                for name in NAMES:
                    if f"{name}: a row cannot begin" in str(trigger.func):
                        yield model, trigger.name.removesuffix("_guard"), MACHINES[name]


GUARDED = list(guarded_models())


def test_every_machine_is_held_by_a_database_guard():
    assert sorted({machine.name for _, _, machine in GUARDED}) == NAMES


@pytest.mark.parametrize(("name", "state", "command", "role"), list(matrix()))
def test_the_table_alone_decides(name, state, command, role):
    machine = MACHINES[name]
    expected = machine.table.get((state, command, role))
    if expected is None:
        with pytest.raises(IllegalTransition) as refusal:
            machine.target(state=state, command=command, role=role)
        assert refusal.value.fields["state"] == state
    else:
        assert machine.target(state=state, command=command, role=role) == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_state_can_be_reached(name):
    machine = MACHINES[name]
    reached = set(map(str, machine.initial))
    while True:
        further = {target for source, target in machine.edges() if source in reached} - reached
        if not further:
            break
        reached |= further
    assert reached == set(machine.states.values)


@pytest.mark.parametrize("name", NAMES)
def test_every_state_is_named_in_both_languages(name):
    for state in MACHINES[name].states:
        assert state.label.ja != state.label.en


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field", "machine"), GUARDED, ids=[m._meta.label for m, _, _ in GUARDED])
def test_the_database_permits_the_edges_and_nothing_else(model, field, machine):
    """The table's own trigger function, on a bare copy of the column: rows begin and move as the machine says."""
    table = model._meta.db_table
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = %s::regclass AND t.tgname LIKE %s",
            [table, f"pgtrigger_{field}_guard_%"],
        )
        (function,) = cursor.fetchone()
        cursor.execute(f'CREATE TEMP TABLE probe ON COMMIT DROP AS SELECT * FROM "{table}" WITH NO DATA')
        cursor.execute(
            f"CREATE TRIGGER probe BEFORE INSERT OR UPDATE ON probe FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
        for state in machine.states.values:
            permitted = state in set(map(str, machine.initial))
            assert _attempt(cursor, f"INSERT INTO probe ({field}) VALUES (%s)", [state]) is permitted, state
        edges = set(machine.edges())
        for source, target in itertools.product(machine.states.values, repeat=2):
            cursor.execute("DELETE FROM probe")
            cursor.execute("ALTER TABLE probe DISABLE TRIGGER probe")
            cursor.execute(f"INSERT INTO probe ({field}) VALUES (%s)", [source])
            cursor.execute("ALTER TABLE probe ENABLE TRIGGER probe")
            moved = _attempt(cursor, f"UPDATE probe SET {field} = %s", [target])
            assert moved is (source == target or (source, target) in edges), (source, target)


def _attempt(cursor, statement, parameters) -> bool:
    try:
        with transaction.atomic():
            cursor.execute(statement, parameters)
    except IntegrityError:
        return False
    return True


def test_the_documentation_is_made_from_the_tables():
    written = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
    assert written == document(), "run: make servers, then manage.py document_states > docs/states.md"
