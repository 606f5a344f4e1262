"""The code keeps its shape: short functions, files one can hold in the head, no words of elsewhere."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
APPLICATIONS = (
    "marketplace",
    "listings",
    "quality",
    "contracts",
    "delivery",
    "clearing",
    "web",
    "fixtures",
    "bench",
)
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION_LINES_MAX = 70
CLASS_LINES_MAX = 250
FILE_LINES_MAX = 420
TEST_FILE_LINES_MAX = 500


def sources(*folders: str) -> list[Path]:
    """Our own modules, without migrations."""
    return sorted(
        path
        for folder in folders
        for path in (PROJECT / folder).rglob("*.py")
        if "migrations" not in path.parts and "__pycache__" not in path.parts
    )


@dataclass(frozen=True)
class Definition:
    """A function or class: where it stands, whether it is described, and whether it is inside a function."""

    name: str
    first_line: int
    last_line: int
    is_class: bool
    is_described: bool
    is_inner: bool

    @property
    def lines(self) -> int:
        """How long it is."""
        return self.last_line - self.first_line + 1


@dataclass(frozen=True)
class Shape:
    """What these tests keep of a module: its syntax tree takes a thousand times as much memory."""

    is_described: bool
    definitions: tuple[Definition, ...]


@cache
def shape_of(path: Path) -> Shape:
    """The shape of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return Shape(ast.get_docstring(tree) is not None, tuple(_definitions_in(tree, is_inner=False)))


def _definitions_in(outer: ast.AST, *, is_inner: bool) -> Iterator[Definition]:
    for node in ast.iter_child_nodes(outer):
        if isinstance(node, ast.expr):
            continue  # no expression holds a definition
        if isinstance(node, FUNCTIONS | ast.ClassDef):
            last_line = node.end_lineno or node.lineno
            described = ast.get_docstring(node) is not None
            is_class = isinstance(node, ast.ClassDef)
            yield Definition(node.name, node.lineno, last_line, is_class, described, is_inner)
        yield from _definitions_in(node, is_inner=is_inner or isinstance(node, FUNCTIONS))


def test_there_is_something_to_look_at():
    assert len(sources(*APPLICATIONS)) > 100


def test_no_function_is_long():
    long = [
        f"{path.relative_to(PROJECT)}:{each.first_line} {each.name}"
        for path in sources(*APPLICATIONS, "tests")
        for each in shape_of(path).definitions
        if not each.is_class and each.lines > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_class_is_long():
    long = [
        f"{path.relative_to(PROJECT)}:{each.first_line} {each.name}"
        for path in sources(*APPLICATIONS)
        for each in shape_of(path).definitions
        if each.is_class and each.lines > CLASS_LINES_MAX
    ]
    assert long == []


@pytest.mark.parametrize(
    ("folders", "lines_max"), [(APPLICATIONS, FILE_LINES_MAX), (["tests"], TEST_FILE_LINES_MAX)]
)
def test_no_file_is_long(folders, lines_max):
    long = [
        str(path.relative_to(PROJECT))
        for path in sources(*folders)
        if len(path.read_text(encoding="utf-8").splitlines()) > lines_max
    ]
    assert long == []


def test_everything_public_is_described():
    undescribed = []
    for path in sources(*APPLICATIONS):
        if not path.read_text(encoding="utf-8").strip():
            continue
        shape = shape_of(path)
        if not shape.is_described:
            undescribed.append(str(path.relative_to(PROJECT)))
        nested = ("Meta", "Migration")
        undescribed += [
            f"{path.relative_to(PROJECT)}:{each.first_line} {each.name}"
            for each in shape.definitions
            if not each.name.startswith("_")
            and each.name not in nested
            and not each.is_described
            and not each.is_inner
        ]
    assert undescribed == []


def test_what_stands_inside_a_function_is_nobodys_interface(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def a():\n  class B:\n    def c(self): ...\nclass D:\n  def e(self): ...\n", "utf-8")
    inner = {each.name: each.is_inner for each in shape_of(path).definitions}
    assert inner == {"a": False, "B": True, "c": True, "D": False, "e": False}


def test_no_signals_are_hooked_up():
    hooked = [
        str(path.relative_to(PROJECT))
        for path in sources(*APPLICATIONS)
        if re.search(
            r"from django\.(db\.models|core|dispatch|test)\.?signals|@receiver\(",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert hooked == []


@pytest.mark.parametrize("pattern", [r"timezone\.now\(\)", r"datetime\.now\(", r"date\.today\("])
def test_deadlines_depend_on_the_business_clock(pattern):
    """Only machinery that counts real seconds reads the real time."""
    permitted = (
        "marketplace/kernel/clock.py",
        "marketplace/documents/seal_keys.py",
        "marketplace/events/",
        "marketplace/evidence/",
        "marketplace/runtime/",
        "marketplace/participants/",
        "marketplace/notices/",
    )
    found = [
        str(path.relative_to(PROJECT))
        for path in sources(*APPLICATIONS)
        if re.search(pattern, path.read_text(encoding="utf-8"))
        and not str(path.relative_to(PROJECT)).startswith(permitted)
    ]
    assert found == []


def test_no_file_names_a_registry_or_a_path_of_a_machine():
    words = re.compile("|".join(("files.python" + "hosted", "pypi" + r"\.org", "/ro" + "ot/", "/ho" + "me/")))
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [
        name
        for name in listed.stdout.splitlines()
        if (PROJECT / name).is_file()
        and words.search((PROJECT / name).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []
