"""Every invariant names a guard that stands in the database and a test that exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from marketplace.kernel.invariants import REGISTER, verify_all

PROJECT = Path(__file__).parents[2]
INVARIANTS = sorted(REGISTER.values(), key=lambda invariant: invariant.name)


@pytest.fixture
def guards(db) -> set[str]:
    """Constraints, unique indexes and triggers of the database, as ``table.name``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint WHERE conrelid <> 0"
            " UNION SELECT indrelid::regclass::text || '.' || indexrelid::regclass::text FROM pg_index WHERE indisunique"
            " UNION SELECT tgrelid::regclass::text || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        names = {row[0] for row in cursor.fetchall()}
    declared = {
        f"{model._meta.db_table}.{trigger.name}": f"{model._meta.db_table}.{trigger.get_pgid(model)}"
        for model in apps.get_models()
        for trigger in getattr(model._meta, "triggers", [])
    }
    return names | {short for short, full in declared.items() if full in names}


def test_every_promise_that_a_database_can_break_has_invariants():
    assert {invariant.promise for invariant in INVARIANTS} >= {1, 2, 3, 4, 5, 6, 7}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_an_invariant_has_a_guard_that_stands(invariant, guards):
    assert invariant.guards, "held by Python alone"
    assert [guard for guard in invariant.guards if guard not in guards] == []


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_an_invariant_has_a_test_that_tries_it(invariant):
    path, _, function = invariant.test.partition("::")
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert function.split("::")[-1] in names


def test_an_empty_market_breaks_nothing(db, capsys):
    assert {name: breaches for name, breaches in verify_all().items() if breaches} == {}
    call_command("check_invariants")
    assert f"all {len(REGISTER)} hold" in capsys.readouterr().out


def test_a_broken_invariant_is_named_with_its_rows(db, capsys):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO evidence_tile (level, index, width, hashes) VALUES (0, 0, 1, sha256('forged'))"
        )
    with pytest.raises(SystemExit) as exit_:
        call_command("check_invariants")
    assert exit_.value.code == 1
    assert "BROKEN evidence.log_verifies" in capsys.readouterr().err
