"""SQL files name tables by their schema and are all used; the SQL of a room of clearing keeps to the floors.

A room's SQL names tables of its own room and of rooms below it, as its imports do. A guard that reads a higher room's
table stands in that room and is registered on the lower table from there.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from tests.tidy.test_shape import APPLICATIONS, PROJECT

TABLES = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
SQL_FILES = sorted(path for folder in APPLICATIONS for path in (PROJECT / folder).rglob("sql/*.sql"))


def floors() -> dict[str, int]:
    """Rooms of clearing and their floor, the highest is 0, as the import contract draws them."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]
    layers = next(contract["layers"] for contract in contracts["contracts"] if contract["id"] == "rooms")
    return {room.strip(): floor for floor, layer in enumerate(layers) for room in layer.split("|")}


def room_of_tables() -> dict[str, str]:
    """Tables of clearing and the room whose models declare them."""
    models = apps.get_app_config("clearing").get_models(include_auto_created=True)
    return {model._meta.db_table: model.__module__.split(".")[1] for model in models}


def texts(room: Path) -> Iterator[tuple[Path, str]]:
    """SQL files and string literals of the modules of a room."""
    for path in sorted(room.rglob("*.sql")):
        yield path, path.read_text(encoding="utf-8")
    for path in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value


def violations(clearing: Path) -> list[tuple[str, str]]:
    """(file, table) where a room of ``clearing`` names a table of a higher room or of a neighbour."""
    floor, room_of = floors(), room_of_tables()
    found = {
        (str(path.relative_to(clearing.parent)), table)
        for room in floor
        for path, text in texts(clearing / room)
        for table in re.findall(r"\bclearing_[a-z]+\b", text)
        if table in room_of and room_of[table] != room and floor[room_of[table]] <= floor[room]
    }
    return sorted(found)


def unqualified(sql: str) -> list[str]:
    """Tables that a text names without their schema, in the order of the text."""
    return [name for name in re.findall(r"(?<![\w.])[a-z]+_[a-z]+\b", sql) if name in TABLES]


def test_there_are_sql_files():
    assert len(SQL_FILES) > 50


def test_sql_files_name_tables_by_their_schema():
    found = {path: unqualified(path.read_text(encoding="utf-8")) for path in SQL_FILES}
    assert {path: names for path, names in found.items() if names} == {}


def test_a_table_without_its_schema_is_found():
    assert unqualified("FROM public.clearing_trade t JOIN clearing_account a") == ["clearing_account"]


def test_every_sql_file_is_loaded_by_a_module_beside_it():
    unused = [
        path
        for path in SQL_FILES
        if not any(
            f'"{path.name}"' in module.read_text(encoding="utf-8")
            for module in path.parent.parent.glob("*guards.py")
        )
    ]
    assert unused == []


def test_sql_of_a_room_names_tables_of_its_room_and_of_rooms_below():
    assert violations(PROJECT / "clearing") == []


def test_every_table_of_clearing_belongs_to_a_room():
    assert {table: room for table, room in room_of_tables().items() if room not in floors()} == {}


@pytest.mark.parametrize(
    ("file", "text", "table"),
    [
        ("ledger/sql/planted.sql", "SELECT FROM public.clearing_trade", "clearing_trade"),
        ("ledger/queries.py", '_SUM = "SELECT FROM clearing_trade"', "clearing_trade"),
        (
            "trades/services/made.py",
            'cursor.execute(f"DELETE FROM clearing_netposition {rest}")',
            "clearing_netposition",
        ),
        ("safeguarding/queries.py", '_READ = "SELECT FROM clearing_invoice"', "clearing_invoice"),
    ],
    ids=["sql file", "string", "formatted string", "neighbour"],
)
def test_a_table_of_a_higher_room_or_a_neighbour_is_found(tmp_path, file, text, table):
    planted = tmp_path / "clearing" / file
    planted.parent.mkdir(parents=True)
    planted.write_text(text)
    assert violations(tmp_path / "clearing") == [(f"clearing/{file}", table)]


def test_a_table_of_the_room_or_a_lower_one_is_allowed(tmp_path):
    planted = tmp_path / "clearing" / "trades" / "sql" / "planted.sql"
    planted.parent.mkdir(parents=True)
    planted.write_text(
        "SELECT FROM public.clearing_trade t JOIN public.clearing_account a ON clearing_unknown"
    )
    assert violations(tmp_path / "clearing") == []
