"""The code keeps its shape: short functions, files one can hold in the head, no words of elsewhere."""

from __future__ import annotations

import ast
import re
import subprocess
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


@cache
def definitions(path: Path) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, ...]:
    """Every function and class of a module."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return tuple(
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)
    )


def test_there_is_something_to_look_at():
    assert len(sources(*APPLICATIONS)) > 100


def test_no_function_is_long():
    long = [
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
        for path in sources(*APPLICATIONS, "tests")
        for node in definitions(path)
        if not isinstance(node, ast.ClassDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_class_is_long():
    long = [
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
        for path in sources(*APPLICATIONS)
        for node in definitions(path)
        if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno + 1 > CLASS_LINES_MAX
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
        if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None:
            undescribed.append(str(path.relative_to(PROJECT)))
        nested = ("Meta", "Migration")
        undescribed += [
            f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
            for node in definitions(path)
            if not node.name.startswith("_")
            and node.name not in nested
            and ast.get_docstring(node) is None
            and not _is_inner(path, node)
        ]
    assert undescribed == []


def _is_inner(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a definition stands inside a function, where it is nobody's interface."""
    return any(
        not isinstance(outer, ast.ClassDef)
        and outer.lineno < node.lineno
        and (node.end_lineno or 0) <= (outer.end_lineno or 0)
        for outer in definitions(path)
    )


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
